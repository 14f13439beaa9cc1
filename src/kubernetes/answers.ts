import type { KubernetesAnswer, KubernetesRequest } from "./client";

/** The answer's document. Throws a sentence when the API refused. */
export function documentOf<T>(what: string, { status, body }: KubernetesAnswer): T {
  if (status < 200 || status > 299)
    throw new Error(`The Kubernetes API refused ${what} (${status}): ${reasonOf(body) ?? "no reason given"}`);
  return JSON.parse(body) as T;
}

/** The `message` of a Kubernetes Status; undefined where the answer is none, or has none. */
export function reasonOf(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Items per page of a listing: a node, the largest of what is listed, is some 10 KB, so a page comes well within a
 * call's time limit.
 */
const pageSize = 250;

/** All items of a listing, page after page. Throws a sentence when the API refuses `what`. */
export async function listAll<T>(what: string, path: string, request: KubernetesRequest): Promise<T[]> {
  const items: T[] = [];
  const first = `${path}${path.includes("?") ? "&" : "?"}limit=${pageSize}`;
  let next: string | undefined = "";
  while (next !== undefined) {
    const page: { items: T[]; metadata: { continue?: string } } = documentOf(
      what,
      await request("GET", next === "" ? first : `${first}&continue=${encodeURIComponent(next)}`),
    );
    items.push(...page.items);
    next = page.metadata.continue || undefined;
  }
  return items;
}
