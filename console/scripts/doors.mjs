// People's ways at doors of our own: the demo's box decides at them, its readers and its people are
// processes of their own.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'

const DOOR = 'HQ Contract Archive'
const DOOR_ID = 'hq-d-archive'
const POINT = 'hq-gate'
/** Of somebody who may enter the archive. */
const BADGE = 160_301
/** How old the archive's rights may be, in milliseconds. */
const LEASE = 60_000

/** `of`: what journeys share. */
export async function doorJourneys(of) {
  const { journey, page, open, api, violations, eventually, silence } = of

  const decided = async (from) => {
    const query = new URLSearchParams({ source: POINT, place: DOOR_ID, from, limit: '50' })
    const { events = [] } = (await api('GET', `/v1/events?${query}`)).body
    return events
  }
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const now = async () => (await api('GET', '/v1/status')).body.now
  /** Somebody presents a card at the archive's reader. */
  const comesBy = async () => {
    const { control } = JSON.parse(await readFile(process.env.CASTELLAN_READERS, 'utf8'))
    const [host, port] = control.split(':')
    const card = { format: 'H10302', number: BADGE }
    await new Promise((resolve, reject) => {
      const socket = connect(Number(port), host, () =>
        socket.write(`${JSON.stringify({ reader: 1, card })}\n`, () => {
          socket.destroy()
          resolve()
        }),
      )
      socket.on('error', reject)
    })
  }

  await journey('a door is opened once, with a reason, and the device confirms it', async () => {
    await open('/doors')
    await page.getByRole('textbox', { name: 'Find a door' }).fill('archive')
    // It stands above the list, too, while it wants eyes.
    await page.getByRole('button', { name: DOOR }).last().click()
    const door = page.getByRole('region', { name: DOOR })
    await door.getByText('Secure channel').waitFor()
    await door.getByText('Current', { exact: true }).waitFor()
    assert.deepEqual(await violations(), [])
    await door.getByRole('button', { name: 'Open once' }).click()
    const dialog = page.getByRole('dialog')
    assert.ok(await dialog.getByRole('button', { name: 'Open once' }).isDisabled())
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('A courier without a badge.')
    await dialog.getByRole('button', { name: 'Open once' }).click()
    await dialog.getByText('Confirmed by the door').waitFor()
    assert.deepEqual(await violations(), [])
    await dialog.getByRole('button', { name: 'Done' }).click()
    await door.getByText('A courier without a badge.').first().waitFor()
    await door.getByText('Confirmed by the door').first().waitFor()
  })

  await journey('a door is operated from its plan by keyboard, and says there what it did', async () => {
    await open('/doors?show=plan')
    const plan = page.getByRole('region', { name: 'Floor plan', exact: true })
    // The demo's doors of our own stand on its upper floor: the plan begins with them, or with a
    // door that wants eyes.
    await page.getByRole('combobox', { name: 'Site' }).click()
    await page.getByRole('option', { name: /Utrecht/ }).click()
    await page.getByRole('radiogroup', { name: 'Floor' }).getByText(/First floor/).click()
    const mark = plan.getByRole('button', { name: new RegExp(`^${DOOR}: `) })
    await mark.waitFor()
    assert.deepEqual(await violations(), [])
    await mark.focus()
    await page.getByRole('status').filter({ hasText: DOOR }).waitFor()
    await mark.press('Enter')
    const door = page.getByRole('region', { name: DOOR })
    await door.getByRole('button', { name: 'Open once' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Asked from the plan.')
    await dialog.getByRole('button', { name: 'Open once' }).click()
    await dialog.getByText('Confirmed by the door').waitFor()
    assert.deepEqual(await violations(), [])
    await dialog.getByRole('button', { name: 'Done' }).click()
    const receipts = page.getByRole('list', { name: 'What was just asked' })
    await receipts.getByText('Confirmed by the door').first().waitFor()
    await door.getByText('Asked from the plan.').first().waitFor()
    // A lock is seen on every plan, and taken back.
    const order = async (name, reason) => {
      await door.getByRole('button', { name, exact: true }).click()
      await dialog.getByRole('textbox', { name: 'Reason' }).fill(reason)
      await dialog.getByRole('button', { name, exact: true }).click()
      await dialog.getByText('Confirmed by the door').waitFor()
      await dialog.getByRole('button', { name: 'Done' }).click()
    }
    await order('Lock', 'A fault is looked for.')
    await plan.getByRole('button', { name: `${DOOR}: Locked` }).waitFor()
    await order('Secure again', 'It was found.')
    await plan.getByRole('button', { name: new RegExp(`^${DOOR}: (Closed|Open)`) }).waitFor()
  })

  await journey('a box decides without its server until its rights are too old', async () => {
    await eventually(async () => {
      const { body } = await api('GET', '/v1/edges')
      return body.some((edge) => edge.point === POINT && edge.state === 'connected')
    })
    const from = await now()
    await silence(true)
    let late
    try {
      // The demo's own people stand still with their server: somebody else comes.
      await comesBy()
      await pause(LEASE + 1_000)
      late = Date.now()
      await comesBy()
      await pause(3_000)
    } finally {
      await silence(false)
    }
    const back = Date.now()
    const said = (events, code) =>
      events.filter(({ event }) => event.metadata.event_code === code).map(({ time }) => time)
    await eventually(async () => {
      const events = await decided(from)
      const admitted = said(events, 'permitted').map(Date.parse)
      const refused = said(events, 'lease_expired').map(Date.parse)
      return (
        admitted.some((at) => at < late - LEASE) && refused.some((at) => at >= late && at < back)
      )
    })
    await open('/doors')
    await page.getByRole('textbox', { name: 'Find a door' }).fill('archive')
    await page.getByRole('button', { name: DOOR }).click()
    const door = page.getByRole('region', { name: DOOR })
    await door.getByText('are too old').first().waitFor()
  })

  await journey('a credential is suspended everywhere, with receipts, and lifted', async () => {
    const { body } = await api('GET', '/v1/access/credentials?limit=500')
    const credential = body.items.find(({ credential }) => credential === 'card-160')
    assert.ok(credential, 'the demo has no credential to suspend')
    await open('/access')
    await page.getByRole('button', { name: 'Revoke or suspend' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('combobox', { name: 'What' }).click()
    await page.getByRole('option', { name: 'Credential' }).click()
    await dialog.getByRole('textbox', { name: 'Credential' }).fill(credential.credential)
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Said to be lost.')
    await dialog.getByRole('button', { name: 'Suspend', exact: true }).click()
    await dialog.getByText('Suspended').waitFor({ timeout: 20_000 })
    await dialog.getByRole('button', { name: 'Done' }).click()
    // Newest first.
    const line = page.getByRole('row').nth(1)
    await line.getByText('Suspended').waitFor()
    await line.getByRole('button').first().click()
    const one = page.getByRole('region', { name: 'Revocation', exact: true })
    await one.getByText('signed by the device').first().waitFor()
    await one.getByText('Said to be lost.').waitFor()
    assert.deepEqual(await violations(), [])
    await one.getByRole('button', { name: 'Lift the suspension' }).click()
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('It was found.')
    await dialog.getByRole('button', { name: 'Lift the suspension' }).click()
    await dialog.getByText('In force again', { exact: true }).waitFor({ timeout: 20_000 })
    await dialog.getByRole('button', { name: 'Done' }).click()
  })

  await journey('a policy is made by form, tried, refused with its line, and kept', async () => {
    await open('/access?tab=policies')
    const text = page.getByRole('textbox', { name: 'house.cedar' })
    await text.waitFor()
    const kept = await text.inputValue()
    await page.getByRole('button', { name: 'By form' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'The policy’s name' }).or(
      dialog.getByRole('textbox', { name: "The policy's name" }),
    ).fill('journey-no-archive')
    await dialog.getByText('Forbid', { exact: true }).click()
    await dialog.getByRole('combobox', { name: 'Who', exact: true }).click()
    await page.getByRole('option', { name: 'Everybody', exact: true }).click()
    await dialog.getByRole('combobox', { name: 'A zone' }).click()
    await page.getByRole('option', { name: 'Contract archive' }).click()
    await dialog.getByRole('button', { name: 'Add a condition' }).click()
    await dialog.getByRole('combobox', { name: 'Condition 1' }).click()
    await page.getByRole('option', { name: 'threat level' }).click()
    await dialog.getByRole('combobox', { name: 'Value 1' }).click()
    await page.getByRole('option', { name: 'severe' }).click()
    assert.deepEqual(await violations(), [])
    await dialog.getByRole('button', { name: 'Into the text' }).click()
    assert.match(await text.inputValue(), /journey-no-archive/)
    await page.getByRole('button', { name: 'What would change' }).click()
    const found = page.getByRole('region', { name: 'What would change' })
    await found.getByText('As before').waitFor()
    const good = await text.inputValue()
    await text.fill(good.replace('context.threat ==', 'context.thraet =='))
    const keep = async (reason) => {
      await page.getByRole('button', { name: 'Put in force' }).click()
      await dialog.getByRole('textbox', { name: 'Reason' }).fill(reason)
      await dialog.getByRole('button', { name: 'Put in force' }).click()
    }
    await keep('A slip.')
    await dialog.getByRole('alert').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: /thraet/ }).first().waitFor()
    await text.fill(good)
    await keep('Tried by a journey.')
    await dialog.getByText(/^Change \d+ is in force/).waitFor()
    await dialog.getByRole('button', { name: 'Done' }).click()
    // As it was.
    await text.fill(kept)
    await keep('The journey is over.')
    await dialog.getByText(/^Change \d+ is in force/).waitFor()
    await dialog.getByRole('button', { name: 'Done' }).click()
  })

  await journey('why somebody gets in or not, and who could, is told in words', async () => {
    await open('/access?tab=explain')
    await page.getByRole('combobox', { name: 'Person' }).click()
    await page.getByRole('option').first().click()
    await page.getByRole('combobox', { name: 'Door' }).click()
    await page.getByRole('option', { name: DOOR }).click()
    await page.getByRole('button', { name: 'Ask' }).click()
    await page.getByRole('region', { name: 'Checks, in order' }).getByText('Credential').first().waitFor()
    assert.deepEqual(await violations(), [])
    await open('/access?tab=answers')
    await page.getByRole('combobox', { name: 'Door' }).click()
    await page.getByRole('option', { name: DOOR }).click()
    await page.getByRole('button', { name: 'Ask' }).click()
    await page.getByRole('region', { name: /people could$/ }).waitFor()
    assert.deepEqual(await violations(), [])
    await open('/doors?tab=muster')
    await page.getByText('Possibly inside').first().waitFor()
    assert.deepEqual(await violations(), [])
  })
}
