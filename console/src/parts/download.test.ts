import { describe, expect, it } from 'vitest'
import { digestIn, nameIn } from './download'

describe('a file that was fetched', () => {
  it('has the server’s name, without what a disk would stumble over', () => {
    expect(nameIn('attachment; filename="incident-7.zip"')).toBe('incident-7.zip')
    expect(nameIn('attachment; filename="../../a b.zip"')).toBe('.._.._a_b.zip')
    expect(nameIn(null)).toBeUndefined()
  })
  it('is compared with the digest in either form, and with none that is not one', () => {
    const sha = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(digestIn(new Headers({ 'X-SHA256': sha.toUpperCase() }))).toBe(sha)
    const coded = 'sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:'
    expect(digestIn(new Headers({ 'Repr-Digest': coded }))).toBe(sha)
    expect(digestIn(new Headers({ 'X-SHA256': 'abc' }))).toBeUndefined()
  })
})
