// An OpenID Provider on this machine, for tests. The first line of standard input says what it
// has: {"port": 0, "jwks": {...}, "clients": [...], "audience": "...", "seconds": 120}. The line
// it answers with is its issuer identifier. It ends with standard input.
//
// With {"exchange": {"jwks": {...}, "audience": "...", "scope": "..."}} it exchanges tokens that
// these keys have signed (RFC 8693).
import http from 'node:http';
import readline from 'node:readline';
import * as jose from 'jose';
import Provider, { errors } from 'oidc-provider';
import { applyDpopBinding } from 'oidc-provider/lib/helpers/grant_common.js';
import validateDpop from 'oidc-provider/lib/helpers/validate_dpop.js';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type:';

function exchange(provider, { jwks, audience, scope, seconds, alg }) {
  const keys = jose.createLocalJWKSet(jwks);
  const read = async (token, type) => {
    if (![`${TYPE}jwt`, `${TYPE}access_token`].includes(type)) throw new errors.InvalidRequest();
    try {
      return (await jose.jwtVerify(token, keys)).payload;
    } catch {
      throw new errors.InvalidGrant('a token does not hold');
    }
  };
  const parameters = [
    'subject_token', 'subject_token_type', 'actor_token', 'actor_token_type',
    'requested_token_type', 'audience', 'scope',
  ];
  provider.registerGrantType(GRANT, async (ctx) => {
    const { params, client } = ctx.oidc;
    if (params.audience !== audience) throw new errors.InvalidTarget();
    const subject = await read(params.subject_token, params.subject_token_type);
    if (params.actor_token) {
      const actor = await read(params.actor_token, params.actor_token_type);
      ctx.acting = { act: { sub: actor.sub, iss: actor.iss } };
    }
    const asked = params.scope.split(' ');
    if (!asked.every((word) => scope.split(' ').includes(word))) throw new errors.InvalidScope();
    const token = new provider.AccessToken({
      accountId: subject.sub,
      client,
      gty: GRANT,
      scope: params.scope,
      expiresIn: Math.min(seconds, subject.exp - Math.floor(Date.now() / 1000)),
    });
    token.resourceServer = new provider.ResourceServer(audience, {
      audience, scope, accessTokenFormat: 'jwt', jwt: { sign: { alg } },
    });
    const proof = await validateDpop(provider, ctx);
    await applyDpopBinding(provider, ctx, proof, token);
    ctx.body = {
      access_token: await token.save(),
      issued_token_type: `${TYPE}access_token`,
      token_type: token.tokenType,
      expires_in: token.expiration,
      scope: token.scope,
    };
  }, parameters);
}

const lines = readline.createInterface({ input: process.stdin });
lines.on('close', () => process.exit(0));
lines.once('line', (line) => {
  const settings = JSON.parse(line);
  const { port, jwks, clients, audience, seconds } = settings;
  const { alg } = jwks.keys[0];
  const server = http.createServer();
  server.listen(port, '127.0.0.1', () => {
    const issuer = `http://127.0.0.1:${server.address().port}`;
    const provider = new Provider(issuer, {
      jwks,
      clients: clients.map((client) => ({
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: alg,
        ...client,
      })),
      clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
      extraTokenClaims: (ctx) => ctx.acting,
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        dPoP: { enabled: true },
        revocation: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => undefined,
          getResourceServerInfo: () => ({
            scope: 'act',
            audience,
            accessTokenTTL: seconds,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg } },
          }),
        },
      },
    });
    if (settings.exchange) exchange(provider, { ...settings.exchange, seconds, alg });
    server.on('request', provider.callback());
    process.stdout.write(`${issuer}\n`);
  });
});
