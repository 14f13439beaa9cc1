import { OpenstackApi } from "../../src/openstack/client";
import { findOpenstackCloud, type OpenstackCloud } from "../../src/openstack/cloud";
import { logIns } from "./logIns";
import { withRecordingCloud, type Configured } from "./recordingCloud";
import { refusedLogIns } from "./refusedLogIns";

/** The cloud that is found in a folder. */
const found = ({ environment, provider }: Required<Configured>, folder: string): OpenstackCloud =>
  findOpenstackCloud((key) => provider[key], environment, [folder]);

describe("OpenStack log-in", () => {
  it.each(logIns)("takes $title", async (logIn) => {
    const heard = await withRecordingCloud(logIn, async (configured, folder) => {
      const api = await OpenstackApi.login(found(configured, folder));
      await api.list("network", "/networks", "networks");
    });
    expect(heard).toEqual({ says: logIn.says, asks: logIn.asks ?? "/public/v2.0" });
  });

  it.each(refusedLogIns)("refuses $title in a sentence", async (logIn) => {
    let sentence = "";
    const heard = await withRecordingCloud(logIn, (configured, folder) => {
      try {
        found(configured, folder);
      } catch (error) {
        sentence = String(error)
          .replaceAll(folder, "FOLDER")
          .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "CLOUD");
      }
      return Promise.resolve();
    });
    expect([sentence, heard]).toEqual([`Error: ${logIn.sentence}`, {}]);
  });
});

describe("a setting that the OpenStack provider does not read", () => {
  const cloud = (settings: string, auth = "") => ({
    environment: { OS_CLOUD: "site" },
    files: {
      "clouds.yaml": `clouds: {site: {${settings} auth: {auth_url: 'CLOUD/v3', username: u, password: p, user_domain_id: d, ${auth}}}}`,
    },
  });
  const environment = { OS_AUTH_URL: "CLOUD/v3", OS_USERNAME: "u", OS_PASSWORD: "p", OS_USER_DOMAIN_ID: "d" };
  const here = 'cloud "site" of FOLDER/clouds.yaml';
  const unread = "which the OpenStack provider does not read";

  it.each<[string, Configured, string[]]>([
    ["nothing of the usual", { environment }, []],
    [
      "OS_INTERFACE",
      { environment: { ...environment, OS_INTERFACE: "internal" } },
      [`OS_INTERFACE is "internal", ${unread}; set OS_ENDPOINT_TYPE or openstack:endpointType instead.`],
    ],
    [
      "OS_INTERFACE beside OS_ENDPOINT_TYPE",
      { environment: { ...environment, OS_INTERFACE: "internal", OS_ENDPOINT_TYPE: "internal" } },
      [],
    ],
    ["OS_INTERFACE public", { environment: { ...environment, OS_INTERFACE: "public" } }, []],
    [
      "interface",
      cloud("interface: internal,"),
      [`interface of ${here} is "internal", ${unread}; set OS_ENDPOINT_TYPE or openstack:endpointType instead.`],
    ],
    [
      "endpoint_type",
      cloud("endpoint_type: admin,"),
      [`endpoint_type of ${here} is "admin", ${unread}; set OS_ENDPOINT_TYPE or openstack:endpointType instead.`],
    ],
    [
      "an override in clouds.yaml",
      cloud("compute_endpoint_override: 'https://x',"),
      [`compute_endpoint_override of ${here} is set, ${unread}; set openstack:endpointOverrides instead.`],
    ],
    [
      "an override in the environment",
      { environment: { ...environment, OS_COMPUTE_ENDPOINT_OVERRIDE: "https://x" } },
      [`OS_COMPUTE_ENDPOINT_OVERRIDE is set, ${unread}; set openstack:endpointOverrides instead.`],
    ],
    [
      "a passcode",
      cloud("", "passcode: 123456"),
      [`auth.passcode of ${here} is set, ${unread}; log in with an application credential instead.`],
    ],
    [
      "a tenant in clouds.yaml",
      cloud("", "tenant_name: t"),
      [`auth.tenant_name of ${here} is set, ${unread}; write project_name or project_id instead.`],
    ],
    [
      "another way to log in",
      cloud("auth_type: v3oidcpassword,"),
      [`auth_type of ${here} is "v3oidcpassword", a way to log in that the OpenStack provider does not have.`],
    ],
    [
      "OS_AUTH_TYPE",
      { environment: { ...environment, OS_AUTH_TYPE: "v3totp" } },
      ['OS_AUTH_TYPE is "v3totp", a way to log in that the OpenStack provider does not have.'],
    ],
    [
      "OS_CLIENT_SECURE_FILE",
      { environment: { ...environment, OS_CLIENT_SECURE_FILE: "/s.yaml" } },
      [`OS_CLIENT_SECURE_FILE is set, ${unread}; put secure.yaml into the current folder or ~/.config/openstack.`],
    ],
    [
      "a user beside a cloud",
      { ...cloud(""), provider: { userName: "c", password: "p" } },
      [
        `The stack sets openstack:userName, openstack:password, ${unread} beside a cloud ("site"); move them into clouds.yaml.`,
      ],
    ],
    [
      "a certificate without its key",
      { environment: { ...environment, OS_CERT: "/client.pem" } },
      ["OpenStack's cert is set without key, so the OpenStack provider uses neither; set both."],
    ],
  ])("is told: %s", async (_, configured, notes) => {
    let message: string[] | undefined;
    await withRecordingCloud(configured, (placed, folder) => {
      message = found(placed, folder).notes?.map((note) => note.replaceAll(folder, "FOLDER"));
      return Promise.resolve();
    });
    expect(message).toEqual(notes);
  });
});
