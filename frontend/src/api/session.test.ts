import { onlineManager, VueQueryPlugin } from "@tanstack/vue-query";
import { createApp, h } from "vue";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { toasts } from "@/ui/toasts";
import { api } from "./client";
import { createQueryClient } from "./queries";
import { guardSession, useSession } from "./session";

/** What a component has of the session. */
function sessionOf() {
  const client = createQueryClient();
  let session: ReturnType<typeof useSession> | undefined;
  const app = createApp({
    setup: () => {
      session = useSession();
      return () => h("p");
    },
  });
  app.use(VueQueryPlugin, { queryClient: client }).mount(document.createElement("div"));
  if (session === undefined) throw new Error("it was not set up");
  return session;
}

const replace = vi.fn();
beforeEach(() => {
  vi.spyOn(api, "GET").mockResolvedValue({ data: { account: null } } as never);
  replace.mockReset();
  vi.stubGlobal("location", { replace });
  sessionStorage.setItem("trial:00000001", "[[1, 2]]");
});

afterEach(() => {
  onlineManager.setOnline(true);
  vi.unstubAllGlobals();
});

it("signing out leaves nothing of the tab to who comes next", async () => {
  vi.spyOn(api, "DELETE").mockResolvedValue({ response: new Response(null, { status: 204 }) } as never);
  await sessionOf().signOut.mutateAsync();
  expect(sessionStorage).toHaveLength(0);
  expect(replace).toHaveBeenCalledExactlyOnceWith("/");
});

it("who could not be signed out is told so, at once", async () => {
  // Nor does it happen later by itself.
  onlineManager.setOnline(false);
  vi.spyOn(api, "DELETE").mockRejectedValue(new TypeError("no connection"));
  const session = sessionOf();
  await expect(session.signOut.mutateAsync()).rejects.toThrow();
  expect(toasts.value.at(-1)).toMatchObject({
    kind: "bad",
    text: "You are still signed in. Please try again.",
  });
  expect(replace).not.toHaveBeenCalled();
});

it("somebody else who turns out to be signed in does not find what the former account has seen", async () => {
  const client = createQueryClient();
  const end = guardSession(client);
  const seen = (user_id: number | null) =>
    client.setQueryData(["session"], { account: user_id === null ? null : { user_id } });
  client.setQueryData(["learnwares", "mine"], ["of the former"]);
  // Signing in, looking again, and a session that is over leave the tab as it is.
  for (const id of [null, 4, 4, null, 4]) seen(id);
  expect(replace).not.toHaveBeenCalled();
  expect(sessionStorage).toHaveLength(1);
  seen(null);
  seen(5);
  expect(replace).toHaveBeenCalledExactlyOnceWith("/");
  expect(sessionStorage).toHaveLength(0);
  end();
});

it("a tab is left when another one signs out, and asks who is there when another one signs in", async () => {
  const client = createQueryClient();
  client.setQueryData(["session"], { account: { user_id: 4 } });
  const end = guardSession(client);
  const other = new BroadcastChannel("learnware-dock-session");
  other.postMessage("in");
  await vi.waitFor(() => {
    expect(client.getQueryState(["session"])?.isInvalidated).toBe(true);
  });
  expect(replace).not.toHaveBeenCalled();
  other.postMessage("out");
  await vi.waitFor(() => {
    expect(replace).toHaveBeenCalledExactlyOnceWith("/");
  });
  other.close();
  end();
});
