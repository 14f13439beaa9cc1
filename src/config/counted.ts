/** `1 machine`, `2 machines`: a count with its noun, which takes an s unless `many` says otherwise. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
