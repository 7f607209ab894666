/** Transfers that go on while the pages of the app change; closing the window is asked about as long as one runs. */
import { computed, effectScope, shallowReactive, watch } from "vue";
import { BUSY, type Transfer } from "./transfer";

const running = shallowReactive(new Map<string, Transfer>());
const busy = computed(() => [...running.values()].some((one) => BUSY.includes(one.state.phase)));
let guarded = false;

/** Return the transfer of this name. */
export function transferOf(name: string): Transfer | undefined {
  return running.get(name);
}

/** Keep a transfer under a name; the one that had it before is stopped. */
export function keepTransfer(name: string, transfer: Transfer): void {
  running.get(name)?.pause();
  running.set(name, transfer);
  guard();
}

/** Stop the transfer of a name, and forget it. */
export function dropTransfer(name: string): void {
  running.get(name)?.pause();
  running.delete(name);
}

function guard(): void {
  if (guarded) return;
  guarded = true;
  const ask = (event: BeforeUnloadEvent) => event.preventDefault();
  const follow = (now: boolean) => {
    if (now) addEventListener("beforeunload", ask);
    else removeEventListener("beforeunload", ask);
  };
  // It outlives the page that has begun the first transfer.
  effectScope(true).run(() => watch(busy, follow, { immediate: true }));
}
