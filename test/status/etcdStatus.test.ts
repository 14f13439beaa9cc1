import { type EtcdMember, judgeEtcd, readMember } from "../../src/status/etcdStatus";
import { healthyEtcd } from "./standIn";

const member = (machine: string, change: Partial<EtcdMember> = {}): EtcdMember => ({
  machine,
  isLeader: machine === "b",
  hasLeader: true,
  size: 1024 ** 3,
  quota: 8 * 1024 ** 3,
  ...change,
});
const shown = (members: readonly EtcdMember[]) =>
  judgeEtcd(members).map(({ level, text, remedy = "" }) => [level, text, remedy].join(" | "));
const alerts = "docs/runbooks/alerts";

describe("member of etcd", () => {
  it("is read from its health and its metrics", () => {
    expect(readMember("a", '{"health":"true","reason":""}', healthyEtcd(true))).toEqual({
      machine: "a",
      isLeader: true,
      hasLeader: true,
      size: 24 * 1024 ** 2,
      inUse: 16 * 1024 ** 2,
      quota: 2 * 1024 ** 3,
    });
    expect(readMember("a", '{"health":"false","reason":"ALARM NOSPACE"}', healthyEtcd(false))).toMatchObject({
      trouble: "ALARM NOSPACE",
      isLeader: false,
    });
  });

  it("is silent, with the API server's reason, where something else answers", () => {
    const refusal = '{"kind":"Status","message":"dial tcp 10.0.0.1:2381: connect: no route to host"}';
    expect(readMember("a", refusal, refusal)).toEqual({
      machine: "a",
      silence: "dial tcp 10.0.0.1:2381: connect: no route to host",
    });
    expect(readMember("a", "<html>", "<html>")).toEqual({
      machine: "a",
      silence: "what answers at port 2381 is no etcd",
    });
  });
});

describe("status of etcd", () => {
  it("is one line where all members are healthy", () => {
    expect(shown([member("a"), member("b"), member("c")])).toEqual([
      "ok | 3 of 3 members healthy; leader b; 1 GiB of 8 GiB | ",
    ]);
  });

  it("warns while one of three cannot be asked, even if it is the leader", () => {
    expect(shown([member("a"), member("b", { silence: "no answer within 4 s" }), member("c")])).toEqual([
      "warn | 2 of 3 members healthy; the leader could not be asked; 1 GiB of 8 GiB | ",
      `unknown | b could not be asked: no answer within 4 s | ${alerts}/EtcdMemberDown.md`,
    ]);
  });

  it("is bad without a majority that is known to be healthy", () => {
    const silent = { silence: "no answer" };
    expect(shown([member("a"), member("b", silent), member("c", silent)])[0]).toBe(
      "bad | 1 of 3 members healthy; the leader could not be asked; 1 GiB of 8 GiB | ",
    );
  });

  it("is bad without a leader", () => {
    const lost = { isLeader: false, hasLeader: false, trouble: "RAFT NO LEADER" };
    expect(shown([member("a", lost), member("b", lost), member("c", lost)])).toEqual([
      `bad | 0 of 3 members healthy; no leader; 1 GiB of 8 GiB | ${alerts}/EtcdNoLeader.md`,
      ...["a", "b", "c"].map((name) => `bad | ${name}: RAFT NO LEADER | ${alerts}/EtcdMemberDown.md`),
    ]);
  });

  it("names an alarm, and warns before the quota is used up", () => {
    const full = { trouble: "ALARM NOSPACE", size: 8 * 1024 ** 3 };
    expect(shown([member("a", full), member("b"), member("c")])).toEqual([
      "bad | 2 of 3 members healthy; leader b; 8 GiB of 8 GiB | ",
      `bad | a: ALARM NOSPACE | ${alerts}/EtcdDatabaseFull.md`,
      `warn | a has used 100 % of its quota, at which it refuses every write | ${alerts}/EtcdDatabaseFull.md`,
    ]);
  });

  it("has no lines, but an error, where no member can be asked", () => {
    expect(() => judgeEtcd([member("a", { silence: "connect ECONNREFUSED" })])).toThrow("connect ECONNREFUSED");
    expect(() => judgeEtcd([])).toThrow("the stack has no control-plane machine");
  });
});
