/**
 * States with more workers than were made: copies of real ones, under names and ids of their own. A no-op preview of
 * Pulumi and a plan without refresh read the state and ask OpenStack nothing about machines, so both can be measured
 * with as many as hours of creating would give.
 */

interface PulumiResource {
  readonly urn: string;
  readonly id?: string;
}

export interface PulumiExport {
  readonly version: number;
  readonly deployment: { readonly resources: readonly PulumiResource[] };
}

interface TofuResource {
  readonly type: string;
  readonly name: string;
  readonly instances: readonly {
    readonly index_key?: number;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
}

export interface TofuState {
  readonly resources: readonly TofuResource[];
}

/** What is multiplied: workers `<prefix>-0` to `<prefix>-<made - 1>`, to `wanted` of them. */
export interface Multiplication {
  readonly prefix: string;
  readonly made: number;
  readonly wanted: number;
  /** Number of zones that workers take turns in: a copy must lie in the zone that its number asks for. */
  readonly zones: number;
}

/**
 * Numbers of the copies, each with the number of the worker that it is a copy of. Throws when fewer workers than zones
 * were made.
 */
export function copies({ made, wanted, zones }: Multiplication): { readonly index: number; readonly source: number }[] {
  const usable = made - (made % Math.max(zones, 1));
  if (usable < 1) throw new Error(`${made} workers cannot stand for workers in ${zones} zones.`);
  return Array.from({ length: Math.max(0, wanted - made) }, (_, offset) => ({
    index: made + offset,
    source: (made + offset) % usable,
  }));
}

/** An id in the form of OpenStack's that no server has. */
export const inventedId = (index: number): string => `00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`;

export function multiplyPulumiState(state: PulumiExport, what: Multiplication): PulumiExport {
  const { resources } = state.deployment;
  const byName = new Map(resources.map((resource) => [resource.urn.split("::").pop() as string, resource]));
  const added = copies(what).map(({ index, source }) => {
    const original = byName.get(`${what.prefix}-${source}`);
    if (original === undefined) throw new Error(`The state holds no ${what.prefix}-${source}.`);
    return renamed(original, original.id ?? "", what, source, index);
  });
  return { ...state, deployment: { ...state.deployment, resources: [...resources, ...added] } };
}

export function multiplyTofuState(state: TofuState, pool: string, what: Multiplication): TofuState {
  const isPool = ({ type, name }: TofuResource) => type === "openstack_compute_instance_v2" && name === pool;
  return {
    ...state,
    resources: state.resources.map((resource) => {
      if (!isPool(resource)) return resource;
      const added = copies(what).map(({ index, source }) => {
        const original = resource.instances.find(({ index_key: key }) => key === source);
        if (original === undefined) throw new Error(`The state holds no ${pool}[${source}].`);
        return { ...renamed(original, original.attributes.id as string, what, source, index), index_key: index };
      });
      return { ...resource, instances: [...resource.instances, ...added] };
    }),
  };
}

/** A copy with the name and the id of its own wherever they stand as a whole string, or at the end of a URN. */
function renamed<T>(value: T, id: string, { prefix }: Multiplication, source: number, index: number): T {
  const name = `${prefix}-${source}`;
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) => {
    if (part === id) return inventedId(index);
    if (part === name) return `${prefix}-${index}`;
    if (typeof part === "string" && part.endsWith(`::${name}`))
      return `${part.slice(0, -name.length)}${prefix}-${index}`;
    return part;
  }) as T;
}
