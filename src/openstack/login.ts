import * as pulumi from "@pulumi/pulumi";
import { OpenstackApi } from "./client";
import { findOpenstackCloud } from "./cloud";

/**
 * A new session with the cloud that the OpenStack provider of this stack works on. Rejects with a sentence when no
 * source names one, or nobody can log in.
 */
export async function logInToOpenstack(): Promise<OpenstackApi> {
  const provider = new pulumi.Config("openstack");
  return OpenstackApi.login(findOpenstackCloud((key) => provider.get(key), process.env));
}
