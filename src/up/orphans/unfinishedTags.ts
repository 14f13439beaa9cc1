import type { OpenstackApi } from "../../openstack/client";
import type { Inputs } from "./orphanKinds";

/**
 * Collections of Neutron whose items the provider makes first and tags in a second call, by the type of the resource.
 */
const collections: Readonly<Record<string, string>> = {
  "openstack:networking/network:Network": "networks",
  "openstack:networking/subnet:Subnet": "subnets",
  "openstack:networking/router:Router": "routers",
  "openstack:networking/port:Port": "ports",
  "openstack:networking/secGroup:SecGroup": "security-groups",
  "openstack:networking/floatingIp:FloatingIp": "floatingips",
};

/** Whether resources of this type are tagged after they are made. */
export const isTagged = (type: string): boolean => collections[type] !== undefined;

/**
 * Sets the tags that a resource lacks. Where the second call failed, the state has the tags and OpenStack has not, so
 * that the provider sees nothing to do; and what carries no tag of the cluster is not known as the cluster's.
 */
export async function completeTags(
  api: OpenstackApi,
  type: string,
  id: string,
  { tags: wanted }: Inputs,
): Promise<void> {
  const collection = collections[type];
  if (collection === undefined || !Array.isArray(wanted)) return;
  const path = `/${collection}/${id}/tags`;
  const { tags } = await api.get<{ tags: string[] }>("network", path);
  if (wanted.some((tag) => !tags.includes(tag as string)))
    await api.put("network", path, { tags: wanted as unknown[] });
}
