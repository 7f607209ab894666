/** The upload of a data set: it goes on while other pages are looked at. */
import { ref } from "vue";
import { Transfer } from "@/upload/transfer";
import { dropTransfer, keepTransfer } from "@/upload/transfers";

/** The name that the transfer is kept under. */
export const TRANSFER = "dataset";

/** The path that the data set gets; kept as long as the transfer. */
export const wantedPath = ref("");

/** Begin the upload of a file; one that was there is given up. */
export function beginTransfer(file: File): Transfer {
  const transfer = new Transfer(file, { sha256: null, url: null, complete: false }, () => {
    // What the window forgets, the dock forgets, too: a data set is chosen anew.
  });
  keepTransfer(TRANSFER, transfer);
  return transfer;
}

/** Forget the upload; with `cancel`, the dock forgets what has arrived. */
export async function endTransfer(transfer: Transfer | undefined, cancel: boolean): Promise<void> {
  dropTransfer(TRANSFER);
  wantedPath.value = "";
  if (cancel) await transfer?.cancel();
}
