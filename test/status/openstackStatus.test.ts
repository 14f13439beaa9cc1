import { OpenstackApi } from "../../src/openstack/client";
import { askServerQuota, askVolumeQuota, judgeServers } from "../../src/status/openstackStatus";
import { keystoneToken, withServer } from "../openstack/fakeOpenstack";
import { standInCloud, standInConfig, withCloud } from "./standIn";

const part = "servers";
const machines = ["dev-control-plane-0", "dev-default-0", "dev-default-1"];
const logIn = (authUrl: string) =>
  OpenstackApi.login({ authUrl, auth: { identity: { methods: [] } }, insecure: false });

describe("status of the servers", () => {
  it("is one line where all run", () => {
    expect(judgeServers(machines, { names: [...machines, "dev-bastion"], standing: [] })).toEqual([
      { part, level: "ok", text: "3 of 3 run or start by themselves, says Nova" },
    ]);
  });

  it("names what is deleted, off and in error, with what helps", () => {
    const standing = [
      { name: "dev-default-1", status: "SHUTOFF" },
      { name: "dev-other-0", status: "ERROR" },
    ];
    expect(judgeServers(machines, { names: machines.slice(1), standing })).toEqual([
      { part, level: "bad", text: "1 of 3 run or start by themselves, says Nova" },
      {
        part,
        level: "bad",
        text: "deleted in OpenStack: dev-control-plane-0",
        remedy: "docs/runbooks/replace-machine.md from the second command on",
      },
      {
        part,
        level: "bad",
        text: "dev-default-1 is off (Nova: SHUTOFF)",
        remedy: "`openstack server start dev-default-1`",
      },
    ]);
  });
});

describe("quota of OpenStack", () => {
  it("warns of what is nearly used up", async () => {
    const absolute = { maxTotalInstances: 10, totalInstancesUsed: 9, maxTotalCores: -1, totalCoresUsed: 36 };
    const answers = { ...standInCloud(standInConfig(1)), "/nova/limits": () => ({ body: { limits: { absolute } } }) };
    expect(await withCloud(answers, async (url) => askServerQuota(await logIn(url)))).toEqual([
      { part: "Nova quota", level: "ok", text: "machines 9 of 10, vCPU 36 without limit" },
      {
        part: "Nova quota",
        level: "warn",
        text: "machines: only 1 left",
        remedy: "ask whoever runs the cloud for more, or delete what nobody uses",
      },
    ]);
  });

  it("of volumes is absent in a cloud without Cinder", async () => {
    const found = await withServer(
      (_, own) => keystoneToken(own, { compute: "/nova" }),
      async (url) => askVolumeQuota(await logIn(url)),
    );
    expect(found).toEqual([{ part: "Cinder quota", level: "absent", text: "this cloud has no Cinder" }]);
  });
});
