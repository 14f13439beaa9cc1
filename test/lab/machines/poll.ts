/**
 * Polls a URL every 100 ms on a new connection each, and prints for each request, once it has ended, when it began (ms
 * since the epoch), how long it took (ms), and the status of the answer or what went wrong. Runs as a process of its
 * own in a network of the lab until it is killed. Usage: poll.ts SECONDS URL [CA-FILE]; SECONDS is how long an answer
 * may take.
 */
import { readFileSync } from "node:fs";
import { get as getPlainly } from "node:http";
import { get as getByTls } from "node:https";

const [seconds = "", url = "", caFile] = process.argv.slice(2);
const get = caFile === undefined ? getPlainly : getByTls;
const options = { agent: false, ...(caFile !== undefined && { ca: readFileSync(caFile) }) };

setInterval(() => {
  const began = Date.now();
  const end = (outcome: string | number) => void process.stdout.write(`${began} ${Date.now() - began} ${outcome}\n`);
  const request = get(url, { ...options, signal: AbortSignal.timeout(Number(seconds) * 1000) }, (response) => {
    response.resume();
    response.on("end", () => end(response.statusCode ?? 0));
    response.on("error", ({ message }) => end(message));
  });
  request.on("error", ({ message }) => end(message));
}, 100);
