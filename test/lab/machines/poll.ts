/**
 * Polls an HTTPS URL every 100 ms on a new connection each and prints the time (ms since the epoch) of each answer 200.
 * Runs as a process of its own in the machines' network until it is killed. Usage: pollApi.ts URL CA-FILE
 */
import { readFileSync } from "node:fs";
import { get } from "node:https";

const [url = "", caFile = ""] = process.argv.slice(2);
const ca = readFileSync(caFile);

setInterval(() => {
  const request = get(url, { ca, agent: false, timeout: 1000 }, (response) => {
    response.resume();
    if (response.statusCode === 200) process.stdout.write(`${Date.now()}\n`);
  });
  request.on("timeout", () => request.destroy());
  request.on("error", () => undefined);
}, 100);
