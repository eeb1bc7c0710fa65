//! The macro that makes an addon's classes of a codec: `#[napi]` knows no generic types.
//!
//! Its items name `napi_derive::napi` in full: an import made by a macro is found too late, and then impls are expanded before their structs.

/// Makes the classes `Codec`, `Encoder` and `Decoder` for a type that is [`Coding`](crate::Coding), and exports `memoryBudget`. Once per addon; the addon adds `Codec::open`, which makes
/// `Codec::of(…)`, and what its format alone has. It depends on `napi` and `napi-derive` itself.
#[macro_export]
macro_rules! codec_doors {
    ($setup:ident) => {
        mod codec_doors {
            use super::$setup;
            use ::chunker_support::{Fault, Input, Offsets, Output, Settled, Ticket, Whole, Words};
            use $crate::{DecodeLimits, DecoderPlace, EncoderPlace, Held};

            /// Limits as they cross: safe integers, where the largest means none.
            fn limits(max_output: Whole, max_memory: Whole, allow_trailing: bool) -> DecodeLimits {
                DecodeLimits {
                    max_output_bytes: max_output.0,
                    max_memory_bytes: max_memory.0,
                    allow_trailing,
                }
            }

            /// Bytes that encoders at work may take together.
            #[::napi_derive::napi(catch_unwind)]
            pub fn memory_budget() -> f64 {
                $crate::budget() as f64
            }

            /// A codec with its options. Where input and output are given at once, they must not overlap.
            #[::napi_derive::napi]
            pub struct Codec(Held<$setup>);

            impl Codec {
                /// What opening came to.
                pub fn of(setup: Result<$setup, Fault>) -> Self {
                    Codec(Held::new(setup))
                }

                /// The codec, or why there is none.
                #[allow(dead_code)] // some codecs have no operation of their own
                pub fn setup(&self) -> Result<::std::sync::Arc<$setup>, Fault> {
                    self.0.setup()
                }
            }

            #[::napi_derive::napi]
            impl Codec {
                #[napi(catch_unwind)]
                pub fn check(&self) -> Settled {
                    self.0.check()
                }

                #[napi(catch_unwind)]
                pub fn compress(&self, ticket: Ticket, input: Input) -> ::napi::Result<()> {
                    self.0.compress(ticket, &input)
                }

                #[napi(catch_unwind)]
                pub fn compress_sync(&self, input: Input) -> Settled {
                    self.0.compress_sync(&input)
                }

                #[napi(catch_unwind)]
                pub fn compress_into(
                    &self,
                    ticket: Ticket,
                    input: Input,
                    output: Output,
                ) -> ::napi::Result<()> {
                    self.0.compress_into(ticket, &input, &output)
                }

                #[napi(catch_unwind)]
                pub fn compress_into_sync(&self, input: Input, mut output: Output) -> Settled {
                    self.0.compress_into_sync(&input, &mut output)
                }

                #[napi(catch_unwind)]
                pub fn compress_many(
                    &self,
                    ticket: Ticket,
                    input: Input,
                    lengths: Words,
                    offsets: Option<Offsets>,
                ) -> ::napi::Result<()> {
                    self.0.compress_many(ticket, &input, lengths, offsets)
                }

                #[napi(catch_unwind)]
                pub fn compress_many_sync(
                    &self,
                    input: Input,
                    lengths: Words,
                    offsets: Option<Offsets>,
                ) -> Settled {
                    self.0.compress_many_sync(&input, lengths, offsets)
                }

                #[napi(catch_unwind)]
                pub fn decompress(
                    &self,
                    ticket: Ticket,
                    input: Input,
                    max_output: Whole,
                    max_memory: Whole,
                    allow_trailing: bool,
                ) -> ::napi::Result<()> {
                    self.0.decompress(ticket, &input, limits(max_output, max_memory, allow_trailing))
                }

                #[napi(catch_unwind)]
                pub fn decompress_sync(
                    &self,
                    input: Input,
                    max_output: Whole,
                    max_memory: Whole,
                    allow_trailing: bool,
                ) -> Settled {
                    self.0.decompress_sync(&input, limits(max_output, max_memory, allow_trailing))
                }

                #[napi(catch_unwind)]
                pub fn decompress_into(
                    &self,
                    ticket: Ticket,
                    input: Input,
                    output: Output,
                    max_output: Whole,
                    max_memory: Whole,
                    allow_trailing: bool,
                ) -> ::napi::Result<()> {
                    let limits = limits(max_output, max_memory, allow_trailing);
                    self.0.decompress_into(ticket, &input, &output, limits)
                }

                #[napi(catch_unwind)]
                pub fn decompress_into_sync(
                    &self,
                    input: Input,
                    mut output: Output,
                    max_output: Whole,
                    max_memory: Whole,
                    allow_trailing: bool,
                ) -> Settled {
                    let limits = limits(max_output, max_memory, allow_trailing);
                    self.0.decompress_into_sync(&input, &mut output, limits)
                }

                #[napi(catch_unwind)]
                #[allow(clippy::too_many_arguments)] // a crossing has no named fields
                pub fn decompress_many(
                    &self,
                    ticket: Ticket,
                    input: Input,
                    lengths: Words,
                    offsets: Option<Offsets>,
                    max_output: Whole,
                    max_memory: Whole,
                    allow_trailing: bool,
                ) -> ::napi::Result<()> {
                    let limits = limits(max_output, max_memory, allow_trailing);
                    self.0.decompress_many(ticket, &input, lengths, offsets, limits)
                }

                #[napi(catch_unwind)]
                pub fn decompress_many_sync(
                    &self,
                    input: Input,
                    lengths: Words,
                    offsets: Option<Offsets>,
                    max_output: Whole,
                    max_memory: Whole,
                    allow_trailing: bool,
                ) -> Settled {
                    let limits = limits(max_output, max_memory, allow_trailing);
                    self.0.decompress_many_sync(&input, lengths, offsets, limits)
                }
            }

            /// Compressed data made of pieces.
            #[::napi_derive::napi]
            pub struct Encoder(EncoderPlace<$setup>);

            #[::napi_derive::napi]
            impl Encoder {
                #[napi(catch_unwind, factory)]
                pub fn open(codec: &Codec) -> Encoder {
                    Encoder(EncoderPlace::open(&codec.0))
                }

                #[napi(catch_unwind)]
                pub fn push(&self, ticket: Ticket, input: Input, end: bool) -> ::napi::Result<()> {
                    self.0.push(ticket, &input, end)
                }

                #[napi(catch_unwind)]
                pub fn push_sync(&self, input: Input, end: bool) -> Settled {
                    self.0.push_sync(&input, end)
                }

                #[napi(catch_unwind)]
                pub fn end(&self) {
                    self.0.end()
                }
            }

            /// Compressed data that arrive in pieces.
            #[::napi_derive::napi]
            pub struct Decoder(DecoderPlace<$setup>);

            #[::napi_derive::napi]
            impl Decoder {
                #[napi(catch_unwind, factory)]
                pub fn open(
                    codec: &Codec,
                    max_output: Whole,
                    max_memory: Whole,
                    allow_trailing: bool,
                ) -> Decoder {
                    let limits = limits(max_output, max_memory, allow_trailing);
                    Decoder(DecoderPlace::open(&codec.0, &limits))
                }

                #[napi(catch_unwind)]
                pub fn push(&self, ticket: Ticket, input: Input, end: bool) -> ::napi::Result<()> {
                    self.0.push(ticket, &input, end)
                }

                #[napi(catch_unwind)]
                pub fn push_sync(&self, input: Input, end: bool) -> Settled {
                    self.0.push_sync(&input, end)
                }

                #[napi(catch_unwind)]
                pub fn end(&self) {
                    self.0.end()
                }
            }
        }
        use codec_doors::Codec;
    };
}
