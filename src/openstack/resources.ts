/** Lists and removes resources of any type of the table. */
import { setTimeout as sleep } from "node:timers/promises";
import { OpenstackError, type OpenstackApi } from "./client";
import type { CreatedType, OpenstackType, ResourceInputs } from "./resourceTypes";

/** Path of a type's list; `inputs` are those of a resource that stands below another. */
export function collectionPath({ collection }: OpenstackType, inputs: ResourceInputs = {}): string {
  return `/${collection.replace(/\{(\w+)\}/g, (_, name: string) => String(inputs[name]))}`;
}

/**
 * All of a type that `query` finds, page after page. `microversion` of Nova: absent, the oldest. Throws an
 * OpenstackError when the service does not answer or refuses.
 */
export function listResources<T>(
  api: OpenstackApi,
  type: OpenstackType,
  query = "",
  microversion?: string,
): Promise<T[]> {
  const path = `${collectionPath(type)}${query === "" ? "" : `?${query}`}`;
  return api.list<T>(type.service, path, type.key, microversion);
}

/** The type as Nova and Cinder list it with all details. */
export const detailed = <T extends OpenstackType>(type: T): T => ({ ...type, collection: `${type.collection}/detail` });

export interface RemovalPace {
  /** Milliseconds between two attempts, and between two questions whether it is gone. */
  readonly interval: number;
  /** Milliseconds after which it fails: an amphora takes more than a minute to come, and so long Octavia refuses. */
  readonly limit: number;
}

const usualPace: RemovalPace = { interval: 2_000, limit: 300_000 };

/**
 * Deletes one resource and, of a slow type, waits until it is gone; one that is gone already is as good. `inputs` are
 * those that it was created with, where its type needs them. Throws an OpenstackError when OpenStack refuses (409: it
 * is in use), or when it is still there after `pace.limit`.
 */
export async function removeResource(
  api: OpenstackApi,
  type: OpenstackType & Pick<Partial<CreatedType>, "removal">,
  id: string,
  { inputs = {}, pace = usualPace }: { readonly inputs?: ResourceInputs; readonly pace?: RemovalPace } = {},
): Promise<void> {
  const { service, removalQuery = "", slow } = type;
  const end = Date.now() + pace.limit;
  const path = `${collectionPath(type, inputs)}/${id}`;
  const put = type.removal?.(inputs);
  for (;;) {
    try {
      await (put === undefined ? api.delete(service, `${path}${removalQuery}`) : api.put(service, put.path, put.body));
      break;
    } catch (error) {
      // Octavia answers 409 as long as it is busy with the load balancer, which passes. The others answer it about what
      // is in use, which does not.
      const isBusy = service === "load-balancer" && error instanceof OpenstackError && error.status === 409;
      if (!isBusy || Date.now() > end) throw error;
      await sleep(pace.interval);
    }
  }
  while (slow === true && (await isShown(api, type, path))) {
    if (Date.now() > end)
      throw new OpenstackError(`${path} is being deleted, but is still there after ${pace.limit / 1000} s`);
    await sleep(pace.interval);
  }
}

/** Octavia shows a deleted load balancer for a while, with that status. */
async function isShown(api: OpenstackApi, { service }: OpenstackType, path: string): Promise<boolean> {
  try {
    const answer = await api.get<Record<string, { provisioning_status?: string; status?: string }>>(service, path);
    const [{ provisioning_status: state, status } = {}] = Object.values(answer);
    if (status === "error_deleting")
      throw new OpenstackError("Cinder could not delete it (status error_deleting); the cloud's operator can tell why");
    return state !== "DELETED";
  } catch (error) {
    if (error instanceof OpenstackError && error.status === 404) return false;
    throw error;
  }
}
