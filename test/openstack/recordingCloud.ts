import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { projectId, withServer, type FakeAnswer } from "./fakeOpenstack";

/** What is configured. CLOUD stands for the cloud's address, FOLDER for the current folder. */
export interface Configured {
  readonly environment: Readonly<Record<string, string>>;
  /** Keys of the `openstack:` configuration. */
  readonly provider?: Readonly<Record<string, string>>;
  /** Files by their names below the current folder. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What Keystone and Neutron heard. */
interface Heard {
  readonly says?: unknown;
  readonly asks?: string;
}

/** A cloud whose catalog has Neutron in two regions and behind two interfaces, for one log-in. */
export async function withRecordingCloud(
  { environment, provider = {}, files = {} }: Configured,
  use: (configured: Required<Configured>, folder: string) => Promise<void>,
): Promise<Heard> {
  let heard: Heard = {};
  const answer = (method: string, url: string, own: string): FakeAnswer => {
    const endpoints = ["internal", "public", "two"].map((path) => ({
      interface: path === "two" ? "public" : path,
      region: path === "two" ? "two" : "one",
      region_id: path === "two" ? "two" : "one",
      url: `${own}/${path}`,
    }));
    const json = { "content-type": "application/json" };
    if (!url.startsWith("/v3/auth/tokens")) return { status: 200, headers: json, body: { networks: [] } };
    return {
      status: method === "GET" ? 200 : 201,
      headers: { ...json, "x-subject-token": "T" },
      body: {
        token: {
          project: { id: projectId },
          expires_at: "2099-01-01T00:00:00.000000Z",
          catalog: [{ type: "network", endpoints }],
        },
      },
    };
  };
  const folder = mkdtempSync(join(tmpdir(), "log-in-"));
  try {
    await withServer(
      ({ method, url, headers, body }, own) => {
        if (url.startsWith("/v3/auth/tokens")) {
          heard = { ...heard, says: (body as { auth: unknown } | undefined)?.auth ?? headers["x-auth-token"] };
        } else heard = { ...heard, asks: url.replace(/\/networks(\?.*)?$/, "") };
        return answer(method, url, own);
      },
      async (own) => {
        const placed = (values: Readonly<Record<string, string>>) =>
          Object.fromEntries(
            Object.entries(values).map(([key, value]) => [
              key,
              value.replaceAll("CLOUD", own).replaceAll("FOLDER", folder),
            ]),
          );
        for (const [name, content] of Object.entries(placed(files))) {
          mkdirSync(dirname(join(folder, name)), { recursive: true });
          writeFileSync(join(folder, name), content);
        }
        await use({ environment: placed(environment), provider: placed(provider), files }, folder);
      },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  return heard;
}
