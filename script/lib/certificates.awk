# Splits PEM bundles into one file a certificate, leaving out those of the first ARGC-2 files (the distribution's own).
# Usage: awk -v out=FOLDER -f certificates.awk KNOWN... BUNDLE
FNR == 1 { files++ }
/-----BEGIN CERTIFICATE-----/ { inside = 1; body = ""; next }
/-----END CERTIFICATE-----/ {
  inside = 0
  key = body
  gsub(/[ \t\r\n]/, "", key)
  if (key in seen) next
  seen[key] = 1
  if (files < ARGC - 1) next
  file = sprintf("%s/extra-%02d.crt", out, ++written)
  printf "-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n", body > file
  close(file)
}
inside { sub(/\r$/, ""); body = body $0 "\n" }
