// An OpenID Provider on this machine, for tests. The first line of standard input says what it
// has: {"port": 0, "jwks": {...}, "clients": [...], "audience": "...", "seconds": 120}. The line
// it answers with is its issuer identifier. It ends with standard input.
import http from 'node:http';
import readline from 'node:readline';
import Provider from 'oidc-provider';

const lines = readline.createInterface({ input: process.stdin });
lines.on('close', () => process.exit(0));
lines.once('line', (line) => {
  const { port, jwks, clients, audience, seconds } = JSON.parse(line);
  const server = http.createServer();
  server.listen(port, '127.0.0.1', () => {
    const issuer = `http://127.0.0.1:${server.address().port}`;
    const provider = new Provider(issuer, {
      jwks,
      clients: clients.map((client) => ({
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: jwks.keys[0].alg,
        ...client,
      })),
      clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => undefined,
          getResourceServerInfo: () => ({
            scope: 'act',
            audience,
            accessTokenTTL: seconds,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: jwks.keys[0].alg } },
          }),
        },
      },
    });
    server.on('request', provider.callback());
    process.stdout.write(`${issuer}\n`);
  });
});
