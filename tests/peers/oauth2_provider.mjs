// An OpenID provider on npm's oauth2-mock-server: its discovery, its keys and its signatures are its own; the claims
// are those that the test writes, one JSON object a line, to standard input; ``login`` has those of whoever logs in.
//
//     node oauth2_provider.mjs PORT     NODE_PATH: where npm put it
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const at = pathToFileURL(`${process.env.NODE_PATH}/oauth2-mock-server/dist/index.mjs`);
const { OAuth2Server } = await import(at);
const server = new OAuth2Server();
let key = await server.issuer.keys.generate("RS256");
await server.start(Number(process.argv[2]), "127.0.0.1");
console.log(JSON.stringify({ issuer: server.issuer.url }));

let people = {};
server.service.on("beforeTokenSigning", (token) => Object.assign(token.payload, people));

for await (const line of createInterface({ input: process.stdin })) {
  const { rotate, claims, lasting, login } = JSON.parse(line);
  if (login) {
    people = login;
    console.log("{}");
    continue;
  }
  if (rotate) key = await server.issuer.keys.generate(rotate);
  const sign = (_header, payload) => {
    for (const [name, value] of Object.entries(claims ?? {})) {
      if (value === null) delete payload[name];
      else payload[name] = value;
    }
  };
  const token = await server.issuer.buildToken({ scopesOrTransform: sign, expiresIn: lasting ?? 300, kid: key.kid });
  console.log(JSON.stringify({ token, kid: key.kid }));
}
await server.stop();
