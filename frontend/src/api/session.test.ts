import { onlineManager, VueQueryPlugin } from "@tanstack/vue-query";
import { createApp, h } from "vue";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { toasts } from "@/ui/toasts";
import { api } from "./client";
import { createQueryClient } from "./queries";
import { useSession } from "./session";

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
