/** Does a service serve yet? */
import { readFileSync } from "node:fs";
import { connect, type NetConnectOpts } from "node:net";
import { run } from "./commands";
import { sql } from "./infrastructure";
import { logFile } from "./processes";
import type { Lab, Service } from "./units";

/**
 * One look at a service.
 *
 * @param since When it was started, in milliseconds since 1970; only signs of life after it count.
 */
export async function serves(lab: Lab, service: Service, since: number): Promise<boolean> {
  const probe = service.ready;
  switch (probe.kind) {
    case "tcp":
      return accepts({ port: probe.port, host: "127.0.0.1" });
    case "socket":
      return accepts({ path: probe.path });
    case "http":
      return answers(probe.url);
    case "log":
      return readFileSync(logFile(lab, service.name), "utf8").includes(probe.text);
    case "report": {
      // Both count in UTC, whatever the machine's clock is set to show.
      const start = new Date(since).toISOString().slice(0, 19).replace("T", " ");
      const column = probe.database === "cinder" ? "updated_at" : "last_seen_up";
      const query = `SELECT COUNT(*) FROM ${probe.database}.services WHERE \`binary\` = '${probe.binary}' AND host = '${probe.host}' AND deleted = 0 AND ${column} >= '${start}'`;
      const [program = "", ...args] = sql(lab, query);
      const { stdout, code } = await run(program, args, { allowFailure: true });
      return code === 0 && Number(stdout) > 0;
    }
  }
}

/** Does something accept connections there? */
export function accepts(where: NetConnectOpts): Promise<boolean> {
  return new Promise((fulfil) => {
    const socket = connect(where);
    const end = (result: boolean) => {
      socket.destroy();
      fulfil(result);
    };
    socket.setTimeout(10_000, () => end(false));
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000), redirect: "manual" });
    await response.arrayBuffer();
    return response.status < 500;
  } catch {
    return false;
  }
}
