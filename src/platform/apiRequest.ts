/** A call to the Kubernetes API: every HTTP answer resolves. The operations of this room are handed one, so that they know nothing of connections. */
export type ApiRequest = (method: "GET" | "PUT" | "DELETE", path: string, body?: unknown) => Promise<{ readonly status: number; readonly body: string }>;

/** The answer's document. Throws a sentence when the API refused. */
export function documentOf<T>(what: string, { status, body }: { readonly status: number; readonly body: string }): T {
  if (status < 200 || status > 299) throw new Error(`The Kubernetes API refused ${what} (${status}): ${reasonOf(body)}`);
  return JSON.parse(body) as T;
}

/** The `message` of a Kubernetes Status. */
function reasonOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === "string" ? message : "no reason given";
  } catch {
    return "no reason given";
  }
}
