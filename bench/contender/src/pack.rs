//! The whole job as a plain program: `fastcdc` 5 + `blake3` + `zstd` with reused contexts on N threads over one stream of files. No fsync, no restore, no error handling.
use fastcdc::v2020::{cut, select_masks, Normalization};
use std::{
    collections::HashMap,
    fs,
    io::{Read, Write},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    sync::Mutex,
    time::Instant,
};
fn walk(d: &Path, b: usize, v: &mut Vec<(PathBuf, usize)>) {
    let mut e: Vec<_> = fs::read_dir(d).unwrap().map(|x| x.unwrap()).collect();
    e.sort_by_key(|x| x.file_name());
    for x in e {
        let p = x.path();
        if x.file_type().unwrap().is_dir() {
            walk(&p, b, v)
        } else {
            v.push((p, b))
        }
    }
}
struct Src {
    files: Vec<(PathBuf, usize)>,
    i: usize,
    cur: Option<fs::File>,
    hdr: Vec<u8>,
    ho: usize,
    total: u64,
}
impl Read for Src {
    fn read(&mut self, b: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if self.ho < self.hdr.len() {
                let n = b.len().min(self.hdr.len() - self.ho);
                b[..n].copy_from_slice(&self.hdr[self.ho..self.ho + n]);
                self.ho += n;
                return Ok(n);
            }
            if let Some(f) = &mut self.cur {
                let n = f.read(b)?;
                if n > 0 {
                    self.total += n as u64;
                    return Ok(n);
                }
                self.cur = None
            }
            if self.i == self.files.len() {
                return Ok(0);
            }
            let (p, b0) = &self.files[self.i];
            self.i += 1;
            let m = fs::symlink_metadata(p)?;
            self.hdr.clear();
            self.ho = 0;
            self.hdr.extend_from_slice(&p.as_os_str().as_bytes()[*b0..]);
            self.hdr.push(0);
            self.hdr.extend_from_slice(&m.mode().to_le_bytes());
            self.hdr.extend_from_slice(&m.mtime().to_le_bytes());
            self.hdr.extend_from_slice(&m.len().to_le_bytes());
            if m.is_symlink() {
                self.hdr.extend_from_slice(fs::read_link(p)?.as_os_str().as_bytes())
            } else {
                self.cur = Some(fs::File::open(p)?)
            }
        }
    }
}
struct Chunker {
    src: Src,
    buf: Vec<u8>,
    a: usize,
    e: usize,
    eof: bool,
    min: usize,
    avg: usize,
    max: usize,
    seq: usize,
}
impl Chunker {
    fn next(&mut self, out: &mut Vec<u8>) -> Option<usize> {
        if !self.eof && self.e - self.a < self.max {
            self.buf.copy_within(self.a..self.e, 0);
            self.e -= self.a;
            self.a = 0;
            while self.e < self.buf.len() {
                let n = self.src.read(&mut self.buf[self.e..]).unwrap();
                if n == 0 {
                    self.eof = true;
                    break;
                }
                self.e += n
            }
        }
        if self.a == self.e {
            return None;
        }
        let (s, l) = select_masks(self.avg, Normalization::Level1);
        let (_, n) = cut(&self.buf[self.a..self.e], self.min, self.avg, self.max, s, l, s << 1, l << 1);
        out.clear();
        out.extend_from_slice(&self.buf[self.a..self.a + n]);
        self.a += n;
        self.seq += 1;
        Some(self.seq - 1)
    }
}
fn src(dirs: &[String]) -> Src {
    let mut v = vec![];
    for d in dirs {
        if Path::new(d).is_file() {
            v.push((PathBuf::from(d), 0))
        } else {
            walk(Path::new(d), d.len(), &mut v)
        }
    }
    Src { files: v, i: 0, cur: None, hdr: vec![], ho: 0, total: 0 }
}
/// `args`: OUT MIN AVG MAX LEVEL THREADS PATH…
pub fn pack(a: &[String]) {
    let t0 = Instant::now();
    let n = |i: usize| -> usize { a[i - 2].parse().unwrap() };
    let max = n(5);
    let ch = Mutex::new(Chunker {
        src: src(&a[6..]),
        buf: vec![0; max.max(1 << 20) * 2],
        a: 0,
        e: 0,
        eof: false,
        min: n(3),
        avg: n(4),
        max,
        seq: 0,
    });
    let seen = Mutex::new(HashMap::<[u8; 32], u32>::new());
    let out = Mutex::new((fs::File::create(&a[0]).unwrap(), 0u64, Vec::<(usize, [u8; 32], u64)>::new()));
    std::thread::scope(|s| {
        for _ in 0..n(7) {
            s.spawn(|| {
                let mut z = zstd::bulk::Compressor::new(n(6) as i32).unwrap();
                let (mut b, mut c) = (vec![], Vec::with_capacity(zstd::zstd_safe::compress_bound(max)));
                loop {
                    let Some(seq) = ch.lock().unwrap().next(&mut b) else {
                        break;
                    };
                    let h = *blake3::hash(&b).as_bytes();
                    {
                        let mut m = seen.lock().unwrap();
                        if m.contains_key(&h) {
                            drop(m);
                            out.lock().unwrap().2.push((seq, h, u64::MAX));
                            continue;
                        }
                        m.insert(h, 0);
                    }
                    c.clear();
                    z.compress_to_buffer(&b, &mut c).unwrap();
                    let mut o = out.lock().unwrap();
                    o.0.write_all(&c).unwrap();
                    let off = o.1;
                    o.1 += c.len() as u64;
                    o.2.push((seq, h, off));
                }
            });
        }
    });
    let mut o = out.into_inner().unwrap();
    o.2.sort();
    let mut ix = vec![];
    for (_, h, off) in &o.2 {
        ix.extend_from_slice(h);
        ix.extend_from_slice(&off.to_le_bytes())
    }
    o.0.write_all(&ix).unwrap();
    let tot = ch.into_inner().unwrap().src.total;
    let dt = t0.elapsed().as_secs_f64();
    eprintln!(
        "in {} out {} chunks {} unique {} {:.2}s {:.0} MB/s",
        tot,
        o.1 + ix.len() as u64,
        o.2.len(),
        seen.into_inner().unwrap().len(),
        dt,
        tot as f64 / 1e6 / dt
    );
}
