import { batchSize } from "../../src/machines/batchSize";

describe("the size of a batch", () => {
  it.each([
    ["2", 10, 2],
    ["10%", 1000, 100],
    ["10%", 19, 1],
    ["10%", 3, 1],
    ["100%", 7, 7],
  ])("for %s of %d workers is %d", (maxUnavailable, count, size) => {
    expect(batchSize(maxUnavailable, count)).toBe(size);
  });
});
