// Plays a film: by hls.js, which the page loads before this, or by the browser's own HLS where it has that alone.
// The playlist of a first pass grows as the film is studied: its end is a place to wait at, never one to hurry to.

const HLS = "application/vnd.apple.mpegurl";
const AHEAD_S = 30;
const BEHIND_S = 60; // memory is small on phones
const AGAIN_MS = 1000;

const again = { maxNumRetry: Infinity, retryDelayMs: AGAIN_MS, maxRetryDelayMs: 8 * AGAIN_MS, shouldRetry: () => true };
const patient = { default: { maxTimeToFirstByteMs: 10_000, maxLoadTimeMs: 120_000, timeoutRetry: again, errorRetry: again } };

/** Let a video element play the film at `base` from `at` seconds on; false where the browser knows none of its `codecs`. */
export function play(video, { base, codecs, at = 0 }) {
  const { Hls } = window;
  const source = `${base}.m3u8`;
  if (Hls.isMSESupported() && Hls.getMediaSource().isTypeSupported(`video/mp4; codecs="${codecs}"`)) {
    stream(Hls, video, source, at);
    return true;
  }
  if (!video.canPlayType(HLS)) return false;
  video.src = source;
  return true;
}

function stream(Hls, video, source, at) {
  const hls = new Hls({
    startPosition: at,
    enableWorker: false, // the page's policy lets no script of a blob run
    lowLatencyMode: false,
    maxBufferLength: AHEAD_S,
    maxMaxBufferLength: AHEAD_S,
    backBufferLength: BEHIND_S,
    manifestLoadPolicy: patient,
    playlistLoadPolicy: patient,
    fragLoadPolicy: patient,
  });
  hls.on(Hls.Events.ERROR, (_, { fatal, type }) => {
    if (fatal) setTimeout(() => revive(hls, video, source, type === Hls.ErrorTypes.MEDIA_ERROR), AGAIN_MS);
  });
  restWhilePaused(Hls, hls, video);
  hls.loadSource(source);
  hls.attachMedia(video);
}

function revive(hls, video, source, broken) {
  if (broken) return hls.recoverMediaError();
  hls.config.startPosition = video.currentTime || hls.config.startPosition;
  hls.loadSource(source);
}

/** Nothing opens while nothing is studied: once a film at rest has what it needs, the playlist is asked for no more. */
function restWhilePaused(Hls, hls, video) {
  let resting = false;
  hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
    if (!details.live || !video.paused || !video.buffered.length) return;
    const wanted = Math.min(details.edge, video.currentTime + AHEAD_S) - 1;
    if (video.buffered.end(video.buffered.length - 1) < wanted) return;
    resting = true;
    hls.stopLoad();
  });
  for (const name of ["play", "seeking"]) {
    video.addEventListener(name, () => {
      if (resting) hls.startLoad(-1, true);
      resting = false;
    });
  }
}
