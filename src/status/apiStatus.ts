/** The API at its endpoint. */
import { counted } from "../config/counted";
import { messageOf } from "../engine/messageOf";
import type { KubernetesAccess, KubernetesAnswer, KubernetesRequest } from "../kubernetes/client";
import { withinLimit } from "./askParts";
import type { StatusLine } from "./statusLine";

const part = "API";
/** Milliseconds: less than a part may take, so that the endpoint can be named. */
const readyLimit = 5_000;

export async function askApi(
  request: KubernetesRequest,
  { host, port }: Pick<KubernetesAccess, "host" | "port">,
): Promise<StatusLine[]> {
  try {
    return judgeApi(await withinLimit(readyLimit, request("GET", "/readyz?verbose")), `${host}:${port}`);
  } catch (error) {
    throw new Error(`${host}:${port}: ${messageOf(error)}`);
  }
}

/** @param answer To /readyz?verbose: a line for each check, `[+]` or `[-]` before its name. */
function judgeApi({ status, body }: KubernetesAnswer, endpoint: string): StatusLine[] {
  const checks = (mark: string) =>
    body.split("\n").flatMap((line) => (line.startsWith(mark) ? [line.slice(mark.length).replace(/ .*$/, "")] : []));
  if (status === 401 || status === 403)
    return [
      {
        part,
        level: "bad",
        text: `${endpoint} refuses the admin certificate (${status})`,
        remedy: "docs/runbooks/certificates.md",
      },
    ];
  if (status !== 200)
    return [
      {
        part,
        level: "bad",
        text: `${endpoint} answers, but is not ready (${status}): ${checks("[-]").join(", ") || "it says no why"}`,
        remedy: "docs/runbooks/alerts/ApiServerErrors.md",
      },
    ];
  return [{ part, level: "ok", text: `${endpoint} answers and passes its ${counted(checks("[+]").length, "check")}` }];
}
