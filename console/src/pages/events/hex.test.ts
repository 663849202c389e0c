import { expect, it } from 'vitest'
import { hexLines } from './hex'

it('shows where each byte is, what it is, and the letters among them', () => {
  expect(hexLines('17200000446f6f720d0a7e7f80ff4f4b21')).toBe(
    [
      '000000  17 20 00 00 44 6f 6f 72  0d 0a 7e 7f 80 ff 4f 4b  . ..Door..~...OK',
      '000010  21                                                !',
    ].join('\n'),
  )
  expect(hexLines('')).toBe('')
})
