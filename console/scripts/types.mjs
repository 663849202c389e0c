// Writes src/api/schema.d.ts from schema/openapi.json. A reference that the document does not
// resolve is taken for a string and named, so that one slip does not stop the console.
import { readFile, writeFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'

const from = new URL('../../schema/openapi.json', import.meta.url)
const to = new URL('../src/api/schema.d.ts', import.meta.url)
const document = JSON.parse(await readFile(from, 'utf8'))
const schemas = (document.components.schemas ??= {})
const missing = new Set()

function visit(node) {
  if (node === null || typeof node !== 'object') return
  const name = /^#\/components\/schemas\/(.+)$/.exec(node.$ref ?? '')?.[1]
  if (name && !(name in schemas)) missing.add(name)
  for (const value of Object.values(node)) visit(value)
}

visit(document)
// Operations are known by path and method; their names are not unique and not needed.
for (const methods of Object.values(document.paths)) {
  for (const operation of Object.values(methods)) delete operation?.operationId
}
for (const name of missing) schemas[name] = { type: 'string' }
if (missing.size > 0)
  console.warn(`not in the document, taken for text: ${[...missing].join(', ')}`)
const text = astToString(await openapiTS(document))
const banner = '// Generated from schema/openapi.json by `npm run types`; not for editing.\n'
await writeFile(to, banner + text)
