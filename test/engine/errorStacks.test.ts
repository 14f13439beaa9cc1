import { repairedStack, repairErrorStacks } from "../../src/engine/errorStacks";

describe("A stack with paths of the SDK's source maps", () => {
  it("gets the package's name back", () => {
    expect(
      repairedStack(
        "Error: x\n    at a (/srv/node_modules/@pulumi/resource.ts:1598:22)\n    at b (C:\\p\\node_modules\\@pulumi\\output.ts:3:4)",
      ),
    ).toBe(
      "Error: x\n    at a (/srv/node_modules/@pulumi/pulumi/resource.ts:1598:22)\n    at b (C:\\p\\node_modules\\@pulumi\\pulumi\\output.ts:3:4)",
    );
  });

  it("keeps every other path", () => {
    const stack = [
      "Error: /node_modules/@pulumi/ is a folder",
      "    at /srv/node_modules/@pulumi/pulumi/runtime/rpc.ts:1:2",
      "    at /srv/node_modules/@pulumi/openstack/index.ts:1:2",
      "    at /srv/node_modules/zod/index.ts:1:2",
      "    at /srv/src/cluster.ts:1:2",
    ].join("\n");
    expect(repairedStack(stack)).toBe(stack);
  });
});

describe("Repairing the stacks of errors", () => {
  const errors = Error as { prepareStackTrace?: (error: Error, frames: NodeJS.CallSite[]) => unknown };
  const before = errors.prepareStackTrace;
  afterEach(() => {
    errors.prepareStackTrace = before;
  });

  it("works on what the source maps made of them, once", () => {
    const prepare = jest.fn(() => "Error\n    at a (/srv/node_modules/@pulumi/resource.ts:1:2)");
    errors.prepareStackTrace = prepare;
    repairErrorStacks();
    const repairing = errors.prepareStackTrace;
    repairErrorStacks();
    expect(errors.prepareStackTrace).toBe(repairing);
    expect(repairing?.(new Error("x"), [])).toBe("Error\n    at a (/srv/node_modules/@pulumi/pulumi/resource.ts:1:2)");
  });

  it("leaves alone what is no text, and does nothing without source maps", () => {
    errors.prepareStackTrace = () => [1];
    repairErrorStacks();
    expect(errors.prepareStackTrace(new Error("x"), [])).toEqual([1]);
    errors.prepareStackTrace = undefined;
    repairErrorStacks();
    expect(errors.prepareStackTrace).toBeUndefined();
  });
});
