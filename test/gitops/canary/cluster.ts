/**
 * What the canary sees of a cluster, on loopback: DNS, the gateway, the target's two ports. Run in a network namespace
 * of its own, where ports 53 and 443 are free. Arguments: a folder with key.pem and certificate.pem, and what is broken
 * (comma-separated).
 */
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";

const [folder = "", faults = ""] = process.argv.slice(2);
const isBroken = (fault: string) => faults.split(",").includes(fault);

const names: Readonly<Record<string, string>> = {
  ...(isBroken("dns") ? {} : { "kubernetes.default.svc.cluster.local": "10.96.0.1" }),
  "canary.apps.dev.example.org": "127.0.0.1",
  "canary-target": "127.0.0.1",
};

/** The questions of an A record by name (RFC 1035): answered, or NXDOMAIN; any other kind of record is empty. */
const dns = createSocket("udp4");
dns.on("message", (question, { port, address }) => {
  const labels: string[] = [];
  let offset = 12;
  for (let length = question[offset]!; length > 0; length = question[offset]!) {
    labels.push(question.toString("latin1", offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  const end = offset + 5;
  const found = names[labels.join(".")];
  const isAddress = question.readUInt16BE(offset + 1) === 1;
  const answer = Buffer.from(question.subarray(0, end));
  answer.writeUInt16BE(found === undefined ? 0x8183 : 0x8180, 2);
  answer.writeUInt16BE(found !== undefined && isAddress ? 1 : 0, 6);
  answer.writeUInt32BE(0, 8);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...(found ?? "").split(".").map(Number)]);
  dns.send(found !== undefined && isAddress ? Buffer.concat([answer, record]) : answer, port, address);
});
dns.bind(53, "127.0.0.1");

const page =
  (text: string): RequestListener =>
  (request, response) =>
    response.writeHead(request.url === "/index.html" ? 200 : 404).end(text);

const tls = { key: readFileSync(join(folder, "key.pem")), cert: readFileSync(join(folder, "certificate.pem")) };
if (!isBroken("gateway"))
  createTlsServer(tls, page(isBroken("other-page") ? "Welcome\n" : "canary\n")).listen(443, "127.0.0.1");
if (!isBroken("network-open")) createServer(page("canary\n")).listen(8080, "127.0.0.1");
// A network policy drops what goes to the closed port; only where none is enforced, something answers.
if (isBroken("network-closed")) createServer(page("canary\n")).listen(8081, "127.0.0.1");
