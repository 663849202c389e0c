import { expect, it } from 'vitest'
import { parseQuery, writeQuery } from './url'

it('an address is read back as it was written, whatever it holds', () => {
  const state = {
    q: 'ria & "dock" <b>',
    state: 'new,acknowledged',
    entity: 'place:dc-d-dock',
    empty: '',
    none: undefined,
  }
  const text = writeQuery(state)
  expect(text).toContain('state=new,acknowledged&entity=place:dc-d-dock')
  expect(parseQuery(text)).toEqual({ q: state.q, state: state.state, entity: state.entity })
})

it('texts that look like numbers stay texts', () => {
  expect(parseQuery('?id=007&v=true')).toEqual({ id: '007', v: 'true' })
})
