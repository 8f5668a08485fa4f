import { BlockList, isIP } from 'node:net'

/** IPv4 that is no host of the internet, or one that only looks like it. */
const special4 = [
  ['0.0.0.0', 8], // this network, unspecified
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // carrier-grade NAT; metadata of one cloud
  ['127.0.0.0', 8], // loopback
  ['168.63.129.16', 32], // a cloud's platform service, in a public range
  ['169.254.0.0', 16], // link-local, metadata
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments; metadata of one cloud
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // relays of 6to4
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
] as const

/** Forms of IPv6 in which an IPv4 host answers: mapped addresses and translation (NAT64). What holds for the inner address holds for them. */
const carriers = ['::ffff:', '64:ff9b::'] as const

/** Of the one block of IPv6 that the internet uses, what is no host of it. Everything outside of the block is refused as a whole. */
const special6 = [
  ['2001::', 23], // protocol assignments: Teredo, benchmarks, ORCHID
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4
  ['3ffe::', 16], // a test network that is gone
  ['3fff::', 20], // documentation
] as const

const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')
for (const carrier of carriers) global.addSubnet(`${carrier}0.0.0.0`, 96, 'ipv6')

const special = new BlockList()
for (const [net, bits] of special4) {
  special.addSubnet(net, bits, 'ipv4')
  for (const carrier of carriers) special.addSubnet(`${carrier}${net}`, 96 + bits, 'ipv6')
}
for (const [net, bits] of special6) special.addSubnet(net, bits, 'ipv6')

/**
 * Whether this literal address is a host of the public internet: not this machine, its network, a cloud's metadata, multicast, a tunnel or
 * a range that nobody has. Only what inet_pton reads is an address: shorter, octal or hexadecimal spellings, names, brackets and zones are not.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4')
  if (family !== 6 || address.includes('%')) return false
  return global.check(address, 'ipv6') && !special.check(address, 'ipv6')
}
