import type { OpenstackApi } from "../../openstack/client";
import { collectionPath } from "../../openstack/resources";
import { createdType, type ResourceInputs } from "../../openstack/resourceTypes";

/**
 * Sets the tags that a resource lacks. Where the provider's second call failed, the state has the tags and OpenStack
 * has not, so that the provider sees nothing to do; and what carries no tag of the cluster is not known as the
 * cluster's.
 */
export async function completeTags(
  api: OpenstackApi,
  token: string,
  id: string,
  { tags: wanted }: ResourceInputs,
): Promise<void> {
  const type = createdType(token);
  if (type?.tagged === undefined || !Array.isArray(wanted)) return;
  const path = `${collectionPath(type)}/${id}/tags`;
  const { tags } = await api.get<{ tags: string[] }>(type.service, path);
  if (wanted.some((tag) => !tags.includes(tag as string)))
    await api.put(type.service, path, { tags: wanted as unknown[] });
}
