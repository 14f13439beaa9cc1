import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { findOpenstackCloud } from "../../src/openstack/cloud";

const none = () => undefined;

describe("OpenStack cloud", () => {
  it("is taken from the environment, with a password", () => {
    const environment = {
      OS_AUTH_URL: "http://keystone:5000/v3/",
      OS_USERNAME: "u",
      OS_PASSWORD: "p",
      OS_PROJECT_NAME: "team",
      OS_USER_DOMAIN_NAME: "ldap",
    };
    expect(findOpenstackCloud(none, environment)).toEqual({
      authUrl: "http://keystone:5000",
      region: undefined,
      caFile: undefined,
      insecure: false,
      auth: {
        identity: { methods: ["password"], password: { user: { name: "u", domain: { name: "ldap" }, password: "p" } } },
        scope: { project: { name: "team", domain: { name: "Default" } } },
      },
    });
  });

  it("prefers the provider's configuration to the environment", () => {
    const provider = (key: string) => ({ authUrl: "http://other:5000", region: "two" })[key];
    const found = findOpenstackCloud(provider, {
      OS_AUTH_URL: "http://keystone:5000",
      OS_REGION_NAME: "one",
      OS_TOKEN: "T",
      OS_PROJECT_ID: "id",
    });
    expect({ authUrl: found.authUrl, region: found.region, auth: found.auth }).toEqual({
      authUrl: "http://other:5000",
      region: "two",
      auth: { identity: { methods: ["token"], token: { id: "T" } }, scope: { project: { id: "id" } } },
    });
  });

  it("is read from clouds.yaml and secure.yaml, with an application credential", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "clouds-"));
    fs.writeFileSync(
      path.join(folder, "clouds.yaml"),
      "clouds: {site: {auth: {auth_url: 'https://k:5000/v3', application_credential_id: abc}, region_name: one, verify: false, cacert: /ca.pem}}",
    );
    fs.writeFileSync(path.join(folder, "secure.yaml"), "clouds: {site: {auth: {application_credential_secret: s}}}");
    expect(
      findOpenstackCloud(none, { OS_CLOUD: "site", OS_CLIENT_CONFIG_FILE: path.join(folder, "clouds.yaml") }),
    ).toEqual({
      authUrl: "https://k:5000",
      region: "one",
      caFile: "/ca.pem",
      insecure: true,
      auth: { identity: { methods: ["application_credential"], application_credential: { id: "abc", secret: "s" } } },
    });
    fs.rmSync(folder, { recursive: true });
  });

  it("says what to set when no cloud is configured", () => {
    expect(() => findOpenstackCloud(none, {})).toThrow(
      "no OpenStack cloud is configured: set OS_CLOUD (with a clouds.yaml), the OS_* variables, or openstack:* in the stack configuration",
    );
  });
});
