"""Whom the agent talks to: names it looks up, connections, and HTTP requests of the clients that are in use."""

from steps_pipe import dressed, quietly, text_of


class NetworkTaps:
    def __init__(self, pipe, edits):
        self.pipe = pipe
        self.edits = edits
        self.lookups = {}

    def looked_up(self, host, port, *_):
        if isinstance(host, bytes):
            host = host.decode("latin-1")
        if not isinstance(host, str) or not host or len(self.lookups) >= 256:
            return
        if self.lookups.get(port) != host:
            self.lookups[port] = host
            self.network(host, port)

    def connected(self, sock, address):
        if isinstance(address, tuple) and len(address) >= 2 and address[1] not in self.lookups:
            self.network(address[0], address[1])

    def network(self, host, port, **more):
        port = int(port) if isinstance(port, int) or (isinstance(port, str) and port.isdigit()) else None
        known = {"port": port} if port is not None else {}
        self.edits.settle()
        self.pipe.add("network", {"host": str(host)[:255], **known, **more})

    def requested(self, method, url, host, port, status):
        answered = {} if status is None else {"status": int(status)}
        self.network(host, port, method=text_of(method)[:32], url=text_of(url)[:2048], **answered)

    def wrap_http_client(self, module):
        connection = module.HTTPConnection
        putrequest, endheaders, getresponse = connection.putrequest, connection.endheaders, connection.getresponse
        requested = quietly(self.requested)

        @quietly
        def asked(self, method, url):
            host = getattr(self, "_tunnel_host", None) or self.host
            port = getattr(self, "_tunnel_port", None) or self.port
            secure = isinstance(self, getattr(module, "HTTPSConnection", ())) or self.default_port == 443
            whole = url if "://" in url else f"http{'s' if secure else ''}://{host}:{port}{url}"
            self._proctor = (method, whole, host, port)

        def told(self, status=None):
            request = self.__dict__.pop("_proctor", None)
            if request is not None:
                requested(*request, status)

        def tapped_putrequest(self, method, url, *args, **kwargs):
            asked(self, method, url)
            return putrequest(self, method, url, *args, **kwargs)

        def tapped_endheaders(self, *args, **kwargs):
            try:
                return endheaders(self, *args, **kwargs)
            except BaseException:
                told(self)
                raise

        def tapped_getresponse(self, *args, **kwargs):
            try:
                response = getresponse(self, *args, **kwargs)
            except BaseException:
                told(self)
                raise
            told(self, response.status)
            return response

        connection.putrequest = dressed(tapped_putrequest, putrequest)
        connection.endheaders = dressed(tapped_endheaders, endheaders)
        connection.getresponse = dressed(tapped_getresponse, getresponse)

    def wrap_httpcore(self, module):
        pool = module.ConnectionPool
        handle, told = pool.handle_request, quietly(self.told_httpcore)

        def handle_request(self, request):
            try:
                response = handle(self, request)
            except BaseException:
                told(request)
                raise
            told(request, response.status)
            return response

        pool.handle_request = dressed(handle_request, handle)

    def wrap_httpcore_async(self, module):
        pool = module.AsyncConnectionPool
        handle, told = pool.handle_async_request, quietly(self.told_httpcore)

        async def handle_async_request(self, request):
            try:
                response = await handle(self, request)
            except BaseException:
                told(request)
                raise
            told(request, response.status)
            return response

        pool.handle_async_request = dressed(handle_async_request, handle)

    def told_httpcore(self, request, status=None):
        url = request.url
        scheme, host, target = text_of(url.scheme), text_of(url.host), text_of(url.target)
        port = url.port or (443 if scheme == "https" else 80)
        self.requested(request.method, f"{scheme}://{host}:{port}{target}", host, port, status)

    def wrap_aiohttp(self, module):
        session = module.ClientSession
        request = session._request

        @quietly
        def told(method, url, status):
            parts = url if hasattr(url, "host") else module.URL(url)
            self.requested(method, str(parts), parts.host, parts.port, status)

        async def _request(self, method, str_or_url, **kwargs):
            try:
                response = await request(self, method, str_or_url, **kwargs)
            except BaseException:
                told(method, str_or_url, None)
                raise
            told(method, str_or_url, response.status)
            return response

        session._request = dressed(_request, request)
