import type { RouteRecordRaw } from "vue-router";

const words = ["pages/entry"];

/** The addresses are those that the dock's mails link to. */
const routes: RouteRecordRaw[] = [
  {
    path: "/sign-in",
    component: () => import("./SignInPage.vue"),
    meta: { words, title: "entry.signIn.title" },
  },
  {
    path: "/register",
    component: () => import("./RegisterPage.vue"),
    meta: { words, title: "entry.register.title" },
  },
  {
    path: "/confirm-email",
    component: () => import("./ConfirmPage.vue"),
    meta: { words, title: "entry.confirm.title" },
  },
  {
    path: "/forgot-password",
    component: () => import("./ForgotPage.vue"),
    meta: { words, title: "entry.forgot.title" },
  },
  {
    path: "/reset-password",
    component: () => import("./ResetPage.vue"),
    meta: { words, title: "entry.reset.title" },
  },
  {
    path: "/change-email",
    component: () => import("./ChangeEmailPage.vue"),
    // The code works for who is signed in to the account.
    meta: { words, title: "entry.changeEmail.title", needs: "account" },
  },
];

export default routes;
