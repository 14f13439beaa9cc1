/**
 * A small forward proxy that prints a line for each request: address of the client, method, host and port, path. Runs
 * as a process of its own in the machines' network until it is killed. Usage: proxy.ts ADDRESS PORT RESOLVER
 */
import { Resolver } from "node:dns";
import { createServer, request, type IncomingMessage } from "node:http";
import { connect, type LookupFunction } from "node:net";

const [address = "", port = "", resolverAddress = ""] = process.argv.slice(2);
const resolver = new Resolver();
resolver.setServers([resolverAddress]);

/** Names are asked of the site's resolver: the host's own has no way into this network, nor out of it. */
const lookup: LookupFunction = (hostname, { all }, callback) => {
  resolver.resolve4(hostname, (error, addresses) => {
    const found = (addresses ?? []).map((known) => ({ address: known, family: 4 }));
    if (all === true) callback(error, found);
    else callback(error, found[0]?.address ?? "", 4);
  });
};

function tell({ socket, method = "" }: IncomingMessage, host: string, path: string): void {
  process.stdout.write(`${socket.remoteAddress ?? ""} ${method} ${host} ${path}\n`);
}

const server = createServer((incoming, outgoing) => {
  const { host, hostname, port: wanted, pathname, search } = new URL(incoming.url ?? "", "http://proxy.invalid");
  tell(incoming, host, pathname);
  const onward = request(
    {
      hostname,
      port: wanted || 80,
      path: pathname + search,
      method: incoming.method,
      headers: incoming.headers,
      lookup,
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  onward.on("error", (error) => outgoing.writeHead(502).end(`${error.message}\n`));
  incoming.pipe(onward);
});

server.on("connect", (incoming, client, head) => {
  tell(incoming, incoming.url ?? "", "");
  const [hostname = "", wanted = "443"] = (incoming.url ?? "").split(":");
  const onward = connect({ host: hostname, port: Number(wanted), lookup }, () => {
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    onward.write(head);
    onward.pipe(client).pipe(onward);
  });
  onward.on("error", () => client.destroy());
  client.on("error", () => onward.destroy());
});

server.listen(Number(port), address);
