//! The macro that gives an addon its common exports.

/// Exports what core expects of every addon (see packages/core/src/native/addon.ts) and the meeting point. Once per addon, at the top of its `lib.rs`; the addon
/// depends on `napi` and `napi-derive` itself.
#[macro_export]
macro_rules! addon {
    () => {
        /// What core calls in every addon.
        mod chunker_door {
            use ::napi::bindgen_prelude::Unknown;
            use ::napi::Env;
            use ::napi_derive::napi;
            use $crate::door::{self, Made};
            use $crate::Whole;

            #[napi(catch_unwind)]
            pub fn executor_id() -> f64 {
                door::executor_id()
            }
            #[napi(catch_unwind)]
            pub fn executor_info() -> String {
                door::executor_info()
            }
            #[napi(catch_unwind)]
            pub fn executor_configure(threads: f64, nice: f64, reserve_cpus: f64, spare_slab_bytes: f64) {
                door::executor_configure(threads, nice, reserve_cpus, spare_slab_bytes)
            }
            #[napi(catch_unwind)]
            pub fn executor_measure(begin: bool) {
                door::executor_measure(begin)
            }
            #[napi(catch_unwind)]
            pub fn executor_figures() -> Vec<f64> {
                door::executor_figures()
            }
            #[napi(catch_unwind)]
            pub fn channel_open(
                env: Env,
                callback: Unknown,
                ring: Unknown,
                slots: Unknown,
            ) -> ::napi::Result<u32> {
                door::channel_open(env, callback, ring, slots)
            }
            #[napi(catch_unwind)]
            pub fn channel_cancel(env: Env, channel: Whole, slot: Whole) {
                door::channel_cancel(env, channel, slot)
            }
            #[napi(catch_unwind)]
            pub fn pool_create(env: Env, threads: Whole, nice: f64) -> ::napi::Result<u32> {
                door::pool_create(env, threads, nice)
            }
            #[napi(catch_unwind)]
            pub fn pool_destroy(queue: Whole) {
                door::pool_destroy(queue)
            }
            #[napi(catch_unwind)]
            pub fn queue_create(sibling: Whole) -> u32 {
                door::queue_create(sibling)
            }
            #[napi(catch_unwind)]
            pub fn slab_take(env: Env, bytes: Whole) -> ::napi::Result<Made> {
                door::slab_take(env, bytes)
            }
            #[napi(catch_unwind)]
            pub fn slab_end(env: Env, buffer: Unknown) -> bool {
                door::slab_end(env, buffer)
            }
        }
    };
}
