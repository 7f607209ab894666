/** Who is signed in. The session lives in a cookie that scripts cannot read. */
import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/vue-query";
import { computed } from "vue";
import { i18n } from "@/i18n";
import { toast } from "@/ui/toasts";
import { api, body, type Schema } from "./client";
import { asProblem } from "./problem";

export type Account = Schema<"AccountOut">;
export type WebSession = Schema<"WebSessionOut">;

const KEY = ["session"];
const query = {
  queryKey: KEY,
  queryFn: () => body(api.GET("/api/v1/web-session")),
  staleTime: 60_000,
  refetchInterval: 120_000,
  // Another tab may have signed somebody else in meanwhile: all tabs have one cookie.
  refetchOnWindowFocus: "always" as const,
};

/** What tabs of one browser tell each other: that somebody has signed in, or out. */
type Told = "in" | "out";
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("learnware-dock-session");

/** Return who is signed in, asking the dock only where that is not known. */
export function fetchSession(client: QueryClient): Promise<WebSession> {
  return client.ensureQueryData({ queryKey: KEY, queryFn: query.queryFn });
}

/** Leave the first page, and nothing of what somebody has looked at or entered in this tab, to who comes next. */
function leaveTab(): void {
  try {
    sessionStorage.clear();
  } catch (error) {
    void error; // where storage is forbidden nothing is kept
  }
  // Answers of the dock, tables and specifications are in memory until the page is loaded anew.
  location.replace("/");
}

/**
 * Keep what one account has seen from the next one, in every tab: where somebody else turns out to be signed in, or
 * another tab has signed out, the tab is left for the first page. A session that is over leaves the tab as it is:
 * whoever signs in again goes on. Called once, by the app.
 *
 * @returns a function that ends it.
 */
export function guardSession(client: QueryClient): () => void {
  let known = client.getQueryData<WebSession>(KEY)?.account?.user_id ?? null;
  const watching = client.getQueryCache().subscribe(({ type, query: { queryKey, state } }) => {
    if (type !== "updated" || queryKey.length !== 1 || queryKey[0] !== KEY[0]) return;
    const id = (state.data as WebSession | undefined)?.account?.user_id ?? null;
    if (id === null || id === known) return;
    const other = known !== null;
    known = id;
    if (other) leaveTab();
  });
  const hear = ({ data }: MessageEvent<Told>): void => {
    if (data === "out" && known !== null) leaveTab();
    else void client.invalidateQueries({ queryKey: KEY });
  };
  tabs?.addEventListener("message", hear);
  return () => {
    watching();
    tabs?.removeEventListener("message", hear);
  };
}

/** Who is signed in, and signing in and out. */
export function useSession() {
  const client = useQueryClient();
  const { data, isPending } = useQuery(query);
  const changed = (session: WebSession) => {
    client.setQueryData(KEY, session);
    // What somebody may see is asked for anew when somebody else looks.
    return client.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
  };
  const forget = () => changed({ account: null, expires_at: null, unread_notifications: 0 });
  const signIn = useMutation({
    mutationFn: (credentials: { email: string; password: string }) =>
      body(api.POST("/api/v1/web-session", { body: credentials })),
    onSuccess: async () => {
      await changed(await query.queryFn());
      tabs?.postMessage("in" satisfies Told);
    },
  });
  const signOut = useMutation({
    mutationFn: () => api.DELETE("/api/v1/web-session"),
    onSuccess: () => {
      tabs?.postMessage("out" satisfies Told);
      leaveTab();
    },
    // Whoever takes it for done would leave an open session to who comes next.
    onError: (error) => toast(asProblem(error).detail || i18n.global.t("layout.notSignedOut"), "bad"),
  });
  return {
    account: computed<Account | null>(() => data.value?.account ?? null),
    unread: computed(() => data.value?.unread_notifications ?? 0),
    administers: computed(() => ["admin", "super-admin"].includes(data.value?.account?.role ?? "")),
    isPending,
    refresh: () => client.invalidateQueries({ queryKey: KEY }),
    signIn,
    signOut,
    /** Nobody is signed in any more, for another reason than signing out. */
    forget,
  };
}
