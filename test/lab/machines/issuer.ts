/**
 * A small OIDC issuer: its discovery document and its key set over HTTPS. Runs as a process of its own in the machines'
 * network until it is killed. Usage: issuer.ts ADDRESS PORT ISSUER-URL CERTIFICATE-FILE KEY-FILE; tokens are signed
 * elsewhere with the same key.
 */
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

const [address = "", port = "", issuer = "", certificateFile = "", keyFile = ""] = process.argv.slice(2);
const key = readFileSync(keyFile);

const documents: Record<string, unknown> = {
  "/.well-known/openid-configuration": {
    issuer,
    jwks_uri: `${issuer}/keys`,
    authorization_endpoint: `${issuer}/unused`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  },
  "/keys": { keys: [{ ...createPublicKey(key).export({ format: "jwk" }), kid: "lab", use: "sig", alg: "RS256" }] },
};

createServer({ cert: readFileSync(certificateFile), key }, (request, response) => {
  const document = documents[request.url ?? ""];
  response
    .writeHead(document === undefined ? 404 : 200, { "content-type": "application/json" })
    .end(JSON.stringify(document ?? {}));
}).listen(Number(port), address);
