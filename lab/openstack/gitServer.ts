/** Serves Git repositories by HTTPS. Usage: gitServer.ts PORT FOLDER CERTIFICATE KEY */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { gitBackend } from "./gitBackend";

const [port = "", folder = "", certificate = "", key = ""] = process.argv.slice(2);
createServer(
  { cert: readFileSync(certificate), key: readFileSync(key) },
  gitBackend(folder, { ...process.env, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" }),
).listen(Number(port));
