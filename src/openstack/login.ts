import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import { OpenstackApi } from "./client";
import { findOpenstackCloud, type OpenstackCloud } from "./cloud";

export type LoginSettings = Pick<ClusterConfig, "allowPlainHttp">;

/** The cloud that the OpenStack provider of this stack works on. Throws a sentence when no source names one. */
export function stackCloud(): OpenstackCloud {
  const provider = new pulumi.Config("openstack");
  return findOpenstackCloud((key) => provider.get(key), process.env);
}

/** A new session with that cloud. Rejects with a sentence when no source names one, or nobody can or may log in. */
export async function logInToOpenstack({ allowPlainHttp }: LoginSettings): Promise<OpenstackApi> {
  return OpenstackApi.login(stackCloud(), allowPlainHttp);
}
