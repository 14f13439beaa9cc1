import { answerJoinRequests, joinNames } from "../../src/kubernetes/joinRequests";
import type { KubernetesAnswer } from "../../src/kubernetes/client";

/** Requests as Go writes them, a kubelet's: base64 of PEM. */
const requests = {
  "test-default-1": [
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlINE1JR2VBZ0VBTUR3eEZUQVRCZ05WQkFvVERITjVjM1JsYlRw",
    "dWIyUmxjekVqTUNFR0ExVUVBeE1hYzNsegpkR1Z0T201dlpHVTZkR1Z6ZEMxa1pXWmhkV3gwTFRFd1dUQVRCZ2NxaGtqT1BRSUJC",
    "Z2dxaGtqT1BRTUJCd05DCkFBUm82bTdtZWsrTHE4TXlGdzNydG4vcFpIMXJuNE5GajY2cUxiL3JVblNUOXQ3NlJocHA5WitKR2Rr",
    "azNXc1AKT2QyTzFuK0poMUllVjE0ZVhCaVptZWpGb0FBd0NnWUlLb1pJemowRUF3SURTUUF3UmdJaEFOa1FydlFKbUkyeAp3MDBL",
    "bFQ2c0EvdGxYMGpOTWJpMkk2VzZhMHB0VTNjckFpRUE3V24xKzhvYjY0c2NxVkFKQ3dsaUQ1cUROK0VWCmdScDBkeS9JQjl0UUlF",
    "ND0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==",
  ].join(""),
  "test-default-10": [
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlINE1JR2ZBZ0VBTUQweEZUQVRCZ05WQkFvVERITjVjM1JsYlRw",
    "dWIyUmxjekVrTUNJR0ExVUVBeE1iYzNsegpkR1Z0T201dlpHVTZkR1Z6ZEMxa1pXWmhkV3gwTFRFd01Ga3dFd1lIS29aSXpqMENB",
    "UVlJS29aSXpqMERBUWNEClFnQUVVbkVNU3ZMWjdqU0dOMzBJaUV4aE4zak9tZWUrN0pwU09ZRkVUNEtSVjRTN3A2a0JzeUxocjlk",
    "WldQQTEKeldiUnMvYjR3K1hBdnRHZkcyc0VtK3YzU2FBQU1Bb0dDQ3FHU000OUJBTUNBMGdBTUVVQ0lFZlJYUXZVdy9WMApnTFl0",
    "YWR0VFlPZDFLQXl2Q01mTkxtSG9zUEQ2cXRtZ0FpRUFuNEg2OENxTU9UbXlMbE1rTFZRb2VJMGtGQ3J1CjJUUklFVSthSWkzWURQ",
    "MD0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==",
  ].join(""),
  "test-default-1 in the group system:masters too": [
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQkRqQ0J0UUlCQURCVE1Td3dFd1lEVlFRS0V3eHplWE4wWlcw",
    "NmJtOWtaWE13RlFZRFZRUUtFdzV6ZVhOMApaVzA2YldGemRHVnljekVqTUNFR0ExVUVBeE1hYzNsemRHVnRPbTV2WkdVNmRHVnpk",
    "QzFrWldaaGRXeDBMVEV3CldUQVRCZ2NxaGtqT1BRSUJCZ2dxaGtqT1BRTUJCd05DQUFSa3oxYURoUWE0bGFwa3VCdDhwUUZWNTZY",
    "bE1zYWkKeHRvbWloWFJDTWFPeUFSVE9VUHpIVFJQWEhnMzVTVzhlb2dubUwwS0NNRkpxZFNlYU8wN2xjRXRvQUF3Q2dZSQpLb1pJ",
    "emowRUF3SURTQUF3UlFJZ09JdTNKRlJrRnRBaStscGpvT3MyZEF0bkxENmtqYURCY0U4UTQ5MFpreEVDCklRQ2ZVV3drOWNQUUw1",
    "UFBMQUgya2RsVzl4N1dpSVZGZ2ZuNlF6Njc1V2ZzWWc9PQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K",
  ].join(""),
};

const token = "abcdef.0123456789abcdef";
const collection = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

function asked(request: string, { username = "system:bootstrap:abcdef", conditions = [] as object[] } = {}) {
  return {
    metadata: { name: "csr-1" },
    spec: { request, username, signerName: "kubernetes.io/kube-apiserver-client-kubelet" },
    ...(conditions.length > 0 && { status: { conditions } }),
  };
}

/** What is answered to the requests, when `names` are admitted. */
async function answers(items: readonly object[], names: readonly string[], deferred: readonly string[] = []) {
  const put: { path: string; type: string }[] = [];
  const request = (method: string, path: string, body?: unknown): Promise<KubernetesAnswer> => {
    if (method === "GET") return Promise.resolve({ status: 200, body: JSON.stringify({ items, metadata: {} }) });
    const { status } = body as { status: { conditions: { type: string }[] } };
    put.push({ path: path.replace(collection, ""), type: status.conditions.map(({ type }) => type).join() });
    return Promise.resolve({ status: 200, body: "{}" });
  };
  const denials = await answerJoinRequests(request, token, () =>
    Promise.resolve({ admitted: new Set(names), deferred: new Set(deferred) }),
  );
  return { put, denials };
}

describe("machines that may join", () => {
  it("are those that this run has created, and planned ones without a Ready node; the others wait", () => {
    const nodes = (["True", "Unknown", "True"] as const).map((status, index) => ({
      metadata: { name: `test-default-${index}` },
      status: { conditions: [{ type: "Ready", status }] },
    }));
    const planned = [0, 1, 2, 3].map((index) => `test-default-${index}`);
    expect(joinNames(planned, ["test-default-2", "test-bastion"], nodes)).toEqual({
      admitted: new Set(["test-default-1", "test-default-2", "test-default-3"]),
      deferred: new Set(["test-default-0"]),
    });
  });
});

describe("a joining machine's request for a certificate", () => {
  it("is approved for the name of a machine that this run creates", async () => {
    expect(await answers([asked(requests["test-default-1"])], ["test-default-0", "test-default-1"])).toEqual({
      put: [{ path: "/csr-1/approval", type: "Approved" }],
      denials: [],
    });
  });

  it("stays open for the name of a machine whose node is at work", async () => {
    expect(await answers([asked(requests["test-default-1"])], ["test-default-0"], ["test-default-1"])).toEqual({
      put: [],
      denials: [],
    });
  });

  it.each([
    ["for another machine's name", "test-default-1", ["test-default-0"]],
    ["for a name that begins with a machine's name", "test-default-10", ["test-default-1"]],
    ["for a name that a machine's name begins with", "test-default-1", ["test-default-10"]],
    ["for a further group", "test-default-1 in the group system:masters too", ["test-default-1"]],
  ] as const)("is denied %s", async (_what, key, names) => {
    expect(await answers([asked(requests[key])], names)).toEqual({
      put: [{ path: "/csr-1/approval", type: "Denied" }],
      denials: [
        "Certificate request csr-1 was denied: somebody with the bootstrap token asked for a name that no machine of this run has.",
      ],
    });
  });

  it.each(["", "bm90IGEgcmVxdWVzdA==", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUE9PQo="])(
    "is denied when it cannot be read: %j",
    async (text) => {
      expect((await answers([asked(text)], ["test-default-1"])).put).toEqual([
        { path: "/csr-1/approval", type: "Denied" },
      ]);
    },
  );

  it("is left alone when somebody else made it, or it is answered already", async () => {
    const request = requests["test-default-1"];
    const others = [
      asked(request, { username: "system:bootstrap:123456" }),
      asked(request, { username: "system:node:test-default-0" }),
      asked(request, { conditions: [{ type: "Approved" }] }),
    ];
    expect(await answers(others, ["test-default-1"])).toEqual({ put: [], denials: [] });
  });
});
