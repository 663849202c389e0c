// A real OpenID Connect provider for tests, on a free loopback port. It signs in and consents by
// itself, as whoever the test last named; everything of the protocol is the library's own.
//
//   node server.mjs [PORT]      prints its issuer, then serves until it is ended
//   POST /control               JSON of what is to be different from now on, see `state`
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' }
}

const state = {
  // Who is at the keyboard, and what is known of them.
  account: 'nobody',
  claims: {},
  // Claims of scopes stand in the ID token; else only at the userinfo endpoint.
  in_id_token: true,
  // The person says no.
  refuses: false,
  // How its client proves itself.
  auth_method: 'client_secret_basic',
  client_secret: 'not for production',
  redirect_uris: ['http://localhost:1/v1/signin/oidc/callback'],
  // It asks for name and password on pages of its own, for a browser's journey.
  has_pages: false,
  keys: [newKey()],
}

let provider
let issuer

function build() {
  provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'castellan',
        client_secret: state.client_secret,
        redirect_uris: state.redirect_uris,
        token_endpoint_auth_method: state.auth_method,
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    clientAuthMethods: [state.auth_method],
    jwks: { keys: state.keys },
    cookies: { keys: ['a test needs no secret'] },
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', ...Object.keys(state.claims)] },
    conformIdTokenClaims: !state.in_id_token,
    features: { devInteractions: { enabled: state.has_pages } },
    ...(!state.has_pages && { interactions: { url: (_, asked) => `/sign-in/${asked.uid}` } }),
    pkce: { required: () => true },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 60, Interaction: 600, Session: 600 },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `${id} Example`, preferred_username: id, ...state.claims }),
    }),
  })
}

async function interact(request, response) {
  const { prompt, params, grantId, session } = await provider.interactionDetails(request, response)
  const finish = (result) =>
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
  if (state.refuses) return finish({ error: 'access_denied', error_description: 'the person said no' })
  if (prompt.name === 'login') return finish({ login: { accountId: state.account } })
  const known = grantId && (await provider.Grant.find(grantId))
  const grant =
    known || new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
  grant.addOIDCScope(params.scope)
  grant.addOIDCClaims(Object.keys(state.claims))
  return finish({ consent: { grantId: await grant.save() } })
}

async function control(request, response) {
  let text = ''
  for await (const part of request) text += part
  const { new_key, ...wanted } = JSON.parse(text)
  Object.assign(state, wanted)
  if (new_key) state.keys = [newKey()]
  build()
  response.end()
}

const server = createServer((request, response) => {
  const work = request.url.startsWith('/control')
    ? control(request, response)
    : request.url.startsWith('/sign-in/')
      ? interact(request, response)
      : provider.callback()(request, response)
  Promise.resolve(work).catch((thrown) => {
    response.statusCode = 500
    response.end(String(thrown?.stack ?? thrown))
  })
})
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`
  build()
  console.log(issuer)
})
// It ends with whoever started it.
process.stdin.on('end', () => process.exit(0)).resume()
