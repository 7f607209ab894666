import type { RouteRecordRaw } from "vue-router";

// What is done to learnwares and how uploads go is said in words of their own.
const words = ["pages/admin", "learnware", "upload"];

const routes: RouteRecordRaw[] = [
  {
    path: "/admin",
    component: () => import("./AdminFrame.vue"),
    meta: { words, needs: "admin" },
    children: [
      { path: "", component: () => import("./DashboardPage.vue"), meta: { title: "admin.dashboard.title" } },
      { path: "users", component: () => import("./UsersPage.vue"), meta: { title: "admin.users.title" } },
      {
        path: "users/:id(\\d+)",
        component: () => import("./UserPage.vue"),
        meta: { title: "admin.user.title" },
        props: ({ params }) => ({ userId: Number(params["id"]) }),
      },
      {
        path: "learnwares",
        component: () => import("./LearnwaresPage.vue"),
        meta: { title: "admin.learnwares.title" },
      },
      { path: "queue", component: () => import("./QueuePage.vue"), meta: { title: "admin.queue.title" } },
      {
        path: "datasets",
        component: () => import("./DatasetsPage.vue"),
        meta: { title: "admin.datasets.title" },
      },
      { path: "words", component: () => import("./WordsPage.vue"), meta: { title: "admin.words.title" } },
      { path: "audit", component: () => import("./AuditPage.vue"), meta: { title: "admin.audit.title" } },
      { path: "system", component: () => import("./SystemPage.vue"), meta: { title: "admin.system.title" } },
    ],
  },
];

export default routes;
