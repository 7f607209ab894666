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
};

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
    onSuccess: async () => changed(await query.queryFn()),
  });
  const signOut = useMutation({
    mutationFn: () => api.DELETE("/api/v1/web-session"),
    onSuccess: leaveTab,
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
