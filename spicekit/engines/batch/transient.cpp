// Transients of many trials of one circuit, one lane of a vector each.
//
// Every lane has its own time, step, order and Newton iteration: one pass of the loop is one iteration of all lanes, and a lane that
// has finished takes the next trial.  Nothing goes from one lane to another, so a trial's result does not depend on its neighbours.
// Transistors are evaluated apart from the lanes they belong to: those of one size that have to be, in whichever lane of whichever
// of several vectors of lanes, are packed into full vectors (class Pool).
// The equations, the rules of steps and tolerances are SPICE's (L. W. Nagel, SPICE2, UCB/ERL M520, 1975; T. L. Quarles, UCB/ERL
// M89/42, 1989): trapezoidal rule, truncation error by divided differences of charges, breakpoints with an Euler step behind them.
// A circuit whose stop time is 0 is done at its operating point.
// A transistor is its own tangent as long as that is good enough.  Nothing in it bends more than an exponential of the thermal voltage: what a
// tangent misses is at most half the change that it tells, times the voltage moved over the thermal one.  It rests while its voltages have moved by
// less than a reach, with which that is a tenth of the relative tolerance of an exponential, or while in each of its currents and
// charges it is less than three tenths of the tolerance of that (`resting` is a factor on the reach; 0: none rests).
// Different from SPICE: Newton solves for the change of the unknowns and starts at a parabola through the last points, and charges
// and currents of a point are those of its last linearisation, so that they sum to zero.
#include <algorithm>
#include <limits>
#include <list>
#include <vector>

typedef void (*Kernel)(const double *, const V *, V *);

struct Circuit {  // filled by program.py; all indices from zero, -1 none
    int unknowns, nodes, knowns, devices, outputs, saves, entries, operations, breaks, parameters, until, iterations_op, iterations;
    const int *node_start, *node_unknown;        // a node's voltage is a sum of unknowns ...
    const double *node_factor;
    const int *part_start, *part_known;          // ... and of known voltages
    const double *part_factor;
    const int *kernel, *constant, *input_start, *output_start, *column_start, *block;  // of each device
    const double *constants;
    const int *plus, *minus;                     // nodes of each input
    const int *has_current, *has_charge;         // of each output
    const int *row_start, *row, *row_weight;     // equations that an output stands in, with a factor and a known voltage as weight
    const double *row_factor;
    const int *column, *term_start, *term_input; // unknowns that a device depends on, and by which inputs
    const double *term_factor;
    const int *position;                         // of each (output, row, column) in the matrix
    const int *diagonal;                         // of each unknown's own equation, -1 if it is no node's
    const int *limited;                          // unknowns whose change an iteration of the operating point is limited for
    const int *program;                          // the elimination, see eliminate()
    const int *known_kind, *known_start;         // of each known voltage: 0 parameter, 1 constant, 2 pulse, 3 points, 4 sine, 5 time, 6 exponential, 7 and 8 see set_sources()
    const double *known_data;
    const double *break_times;
    const double *tolerance;                     // absolute, of each unknown
    const int *save_node;                        // node whose voltage is saved, or -1: a sum of currents of outputs
    const int *save_start, *save_output, *save_weight;
    const double *save_factor;
    double reltol, abstol, chgtol, trtol, stop, step, largest, resting;
};

struct Trial {
    std::vector<double> rows;  // time and what is saved, point by point
    int status = 0;            // 0 not finished, 1 complete, 2 no operating point, 3 step too small
    int64_t iterations = 0, rejected = 0;
    std::vector<double> start; // the unknowns at the operating point
};

struct Run {
    std::vector<Trial> trials;
    int next = 0;  // the first that no lane has taken
};

static double source(const Circuit &c, int k, double t, const double *parameters) {
    const double *d = c.known_data + c.known_start[k];
    switch (c.known_kind[k]) {
        case 0: return parameters[(int)d[0]];
        case 1: return d[0];
        case 2: {  // v1 v2 delay rise fall width period
            t -= d[2];
            if (t > d[6]) t -= d[6] * std::floor(t / d[6]);
            if (t <= 0 || t >= d[3] + d[5] + d[4]) return d[0];
            if (t < d[3]) return d[0] + (d[1] - d[0]) * t / d[3];
            if (t <= d[3] + d[5]) return d[1];
            return d[1] + (d[0] - d[1]) * (t - d[3] - d[5]) / d[4];
        }
        case 3: {  // count, then time and value
            const int n = (int)d[0];
            const double *p = d + 1;
            if (t <= p[0]) return p[1];
            for (int i = 1; i < n; ++i)
                if (t < p[2 * i]) return p[2 * i - 1] + (p[2 * i + 1] - p[2 * i - 1]) * (t - p[2 * i - 2]) / (p[2 * i] - p[2 * i - 2]);
            return p[2 * n - 1];
        }
        case 5: return t;
        case 6: {  // exponential: from, to, delay and time constant of the rise, of the fall
            double value = d[0];
            if (t > d[2]) value += (d[1] - d[0]) * (1 - std::exp(-(t - d[2]) / d[3]));
            if (t > d[4]) value -= (d[1] - d[0]) * (1 - std::exp(-(t - d[4]) / d[5]));
            return value;
        }
        default:  // offset amplitude frequency delay damping
            if (t <= d[3]) return d[0];
            return d[0] + d[1] * std::sin(6.283185307179586 * d[2] * (t - d[3])) * std::exp(-(t - d[3]) * d[4]);
    }
}

// The program: [pivot, count of rows, (entry, count of columns, (target, source)...)...]... ; then forward and backward
// substitution in place.  Factors L stand below the pivots, which are stored inverted.
static void eliminate(const Circuit &c, V *a, V *b) {
    const int *p = c.program;
    for (int k = 0; k < c.unknowns; ++k) {
        const int pivot = *p++, rhs = *p++, rows = *p++;
        a[pivot] = 1.0 / a[pivot];
        for (int r = 0; r < rows; ++r) {
            const int entry = *p++, target_rhs = *p++, columns = *p++;
            const V l = a[entry] * a[pivot];
            b[target_rhs] -= l * b[rhs];
            for (int j = 0; j < columns; ++j, p += 2) a[p[0]] -= l * a[p[1]];
        }
    }
}

static void substitute(const Circuit &c, const V *a, V *b, V *x, const int *p) {
    for (int k = 0; k < c.unknowns; ++k) {  // from the last pivot
        const int pivot = *p++, rhs = *p++, variable = *p++, columns = *p++;
        V sum = b[rhs];
        for (int j = 0; j < columns; ++j, p += 2) sum -= a[p[0]] * x[p[1]];
        x[variable] = sum * a[pivot];
    }
}

static const int VECTORS = 4;  // of lanes, whose transistors share calls
static const double THERMAL = 0.02;  // V, at the lowest temperatures of a circuit

enum Phase { IDLE, POINT, TRANSIENT };

struct Lane {
    Phase phase = IDLE;
    int trial = -1, order = 1, newton = 0, next_break = 0, points = 0, smooth = 0;
    int stage = 0, sweeps = 0;  // of the search for an operating point, see hard(); sweeps through the expressions that are left
    double time = 0, step = 0, proposed = 0, uncut = 0, old[3] = {1, 1, 1}, gmin = 0, before = 0;
    bool first = true, guess = false;
};

struct Solver {
    const Circuit &c;
    const Kernel *kernels;
    const double *parameters, *start, *slopes;
    Run &run;
    int block_total;
    std::vector<V> x, x1, x2, x3, dx, node, known, a, b, residual, in, at, base, value, charge, current, q1, q2, q3, slope, total;
    V by_step, by_slope, gmin, reach;  // of this iteration
    std::vector<Lane> lane;
    const int *back;

    Solver(const Circuit &circuit, const Kernel *table, const double *p, const double *x0, const double *dx0, Run &r)
        : c(circuit), kernels(table), parameters(p), start(x0), slopes(dx0), run(r), lane(LANES) {
        block_total = c.block[c.devices];
        for (auto *v : {&x, &x1, &x2, &x3, &dx}) v->assign(c.unknowns, V{});
        for (auto *v : {&charge, &current, &q1, &q2, &q3, &slope, &total}) v->assign(c.outputs, V{});
        node.assign(c.nodes, V{});
        known.assign(c.knowns, V{});
        a.assign(c.entries, V{});
        b.assign(c.unknowns, V{});
        base.assign(block_total, V{});
        value.assign(2 * c.outputs, V{});
        for (auto *v : {&in, &at}) v->assign(c.input_start[c.devices], V{});
        const int *q = c.program;
        for (int k = 0; k < c.unknowns; ++k) {
            const int rows = q[2];
            q += 3;
            for (int r = 0; r < rows; ++r) q += 3 + 2 * q[2];
        }
        back = q;
    }

    const double *given(int l) const { return parameters + (size_t)lane[l].trial * c.parameters; }

    void set_sources(int l, double t) {
        for (int k = 0; k < c.knowns; ++k) {
            if (c.known_kind[k] == 7) known[k][l] = lane[l].phase == POINT;  // holds a node at its initial value
            else if (c.known_kind[k] == 8) known[k][l] = lane[l].phase == POINT && lane[l].guess;  // or while it is searched for
            else known[k][l] = source(c, k, t, given(l));
        }
    }

    void begin(int l) {  // the next trial's operating point
        Lane &s = lane[l];
        s = Lane();
        if (run.next >= (int)run.trials.size()) return;
        s.trial = run.next++;
        s.phase = POINT;
        if (!start) { hard(l); return; }
        for (int k = 0; k < c.unknowns; ++k) x[k][l] = start[k];
        if (slopes) {  // of every unknown by every parameter, behind what the parameters are at the start
            const double *p = given(l), *from = slopes, *slope = slopes + c.parameters;
            for (int i = 0; i < c.parameters; ++i, slope += c.unknowns) {
                const double change = p[i] - from[i];
                if (change != 0) for (int k = 0; k < c.unknowns; ++k) x[k][l] += change * slope[k];
            }
        }
        set_sources(l, 0.0);
    }

    // From nothing: nodes at 0 V, and each unknown in turn to where its own equation alone has it: what an expression defines, and,
    // at the first stage, nodes that belong to no transistor (a magnetisation of length 0 has no direction).  Then Newton's method,
    // at the first stage as it is, at the second with a large conductance from every node to ground that is taken away in steps.
    void hard(int l) {
        Lane &s = lane[l];
        ++s.stage;
        s.newton = 0;
        s.gmin = s.stage == 2 ? 1e-2 : 0.0;
        s.sweeps = 20;
        s.guess = true;
        for (int k = 0; k < c.unknowns; ++k) x[k][l] = c.diagonal[k] < 0 ? 1.0 : 0.0;  // 1, as it may be divided by
        set_sources(l, 0.0);
    }

    void finish(int l, int status) {
        run.trials[lane[l].trial].status = status;
        begin(l);
    }

    void record(int l) {
        auto &rows = run.trials[lane[l].trial].rows;
        rows.push_back(lane[l].time);
        for (int s = 0; s < c.saves; ++s) {
            double value = 0;
            if (c.save_node[s] >= 0) value = node[c.save_node[s]][l];
            else for (int k = c.save_start[s]; k < c.save_start[s + 1]; ++k)
                value += c.save_factor[k] * (c.save_weight[k] < 0 ? 1.0 : known[c.save_weight[k]][l]) * total[c.save_output[k]][l];
            rows.push_back(value);
        }
        ++lane[l].points;
    }

    void voltages(const std::vector<V> &of, bool with_known) {
        for (int k = 0; k < c.nodes; ++k) {
            V v{};
            for (int i = c.node_start[k]; i < c.node_start[k + 1]; ++i) v += c.node_factor[i] * of[c.node_unknown[i]];
            if (with_known) for (int i = c.part_start[k]; i < c.part_start[k + 1]; ++i) v += c.part_factor[i] * known[c.part_known[i]];
            node[k] = v;
        }
    }

    bool busy() const {
        return std::any_of(lane.begin(), lane.end(), [](const Lane &s) { return s.phase != IDLE; });
    }

    // An iteration is look(), the evaluation of transistors that moved, and iterate().

    void look() {
        by_step = by_slope = gmin = V{};
        reach = all(1e300);
        for (int l = 0; l < LANES; ++l) {
            if (lane[l].phase == POINT) reach[l] = -1.0;  // an operating point evaluates all
            if (lane[l].phase == TRANSIENT) {
                reach[l] = c.resting * THERMAL * std::sqrt(0.2 * c.reltol);
                by_step[l] = (lane[l].order == 1 ? 1.0 : 2.0) / lane[l].step;
                by_slope[l] = lane[l].order == 1 ? 0.0 : -1.0;
            }
            gmin[l] = lane[l].gmin;
        }
        voltages(x, true);
        for (int k = 0; k < c.input_start[c.devices]; ++k) in[k] = node[c.plus[k]] - node[c.minus[k]];
    }

    // the lanes in which a transistor's tangent is not good enough any more
    M moved(int d) const {
        const int first = c.input_start[d], inputs = c.input_start[d + 1] - first, outputs = c.output_start[d + 1] - c.output_start[d];
        M beyond{}, off{};
        V change[32], far{};
        for (int k = 0; k < inputs; ++k) {
            change[k] = vabs(in[first + k] - at[first + k]);
            beyond |= change[k] > reach;
            far = vmax(far, change[k]);
        }
        bool any = false;
        for (int l = 0; l < LANES; ++l) any |= beyond[l] != 0;
        if (!any) return beyond;
        const V *f = base.data() + c.block[d], *slopes = f + 2 * outputs;
        const V bend = 0.5 / THERMAL * far;
        const double part = 0.3 * c.resting * c.resting;
        for (int r = 0; r < 2 * outputs; ++r) {
            V told{};
            for (int k = 0; k < inputs; ++k) told += vabs(slopes[r * inputs + k]) * change[k];
            const V allowed = c.reltol * (r < outputs ? vabs(f[r]) : vmax(vabs(f[r]), all(c.chgtol)));
            off |= told * bend > part * (r < outputs ? allowed + c.abstol : allowed);
        }
        return beyond & (off | (reach < 0));  // at an operating point all
    }

    void iterate() {
        assemble();
        const bool sweeping = std::any_of(lane.begin(), lane.end(), [](const Lane &s) { return s.sweeps > 0; });
        if (sweeping) {
            residual = b;
            for (int k = 0; k < c.unknowns; ++k)
                if (c.diagonal[k] >= 0) residual[k] /= a[c.diagonal[k]];
        }
        eliminate(c, a.data(), b.data());
        ::substitute(c, a.data(), b.data(), dx.data(), back);
        if (sweeping)
            for (int l = 0; l < LANES; ++l)
                if (lane[l].sweeps > 0)
                    for (int k = 0; k < c.unknowns; ++k) {
                        const bool alone = c.diagonal[k] < 0 || (lane[l].stage == 1 && !c.limited[k]);
                        dx[k][l] = alone && std::abs(residual[k][l]) < 1e12 ? residual[k][l] : 0.0;
                    }
        // how far a lane is from its solution
        V worst{}, size{};
        M lost{};  // no number, or out of all proportion
        for (int k = 0; k < c.unknowns; ++k) {
            const V now = vabs(x[k]), then = vabs(x[k] + dx[k]);
            const V ratio = vabs(dx[k]) / (c.reltol * vmax(now, then) + c.tolerance[k]);
            worst = vmax(worst, ratio);
            lost |= ~(vabs(dx[k]) < 1e12);
            if (c.limited[k]) size = vmax(size, vabs(dx[k]));
        }
        V damp = all(1.0);
        for (int l = 0; l < LANES; ++l)
            if (lane[l].phase == POINT && size[l] > 0.5) damp[l] = 0.5 / size[l];
        for (int k = 0; k < c.unknowns; ++k) { dx[k] *= damp; x[k] += dx[k]; }
        bool any = false, done[LANES];
        for (int l = 0; l < LANES; ++l) {
            // Newton's method converges quadratically: what is left behind a change is to it as that to the last, squared
            Lane &s = lane[l];
            const bool nearly = s.newton > 0 && worst[l] <= 100.0 && worst[l] * worst[l] * worst[l] <= 0.1 * s.before * s.before;
            done[l] = s.phase != IDLE && !lost[l] && (worst[l] <= 1.0 || nearly) && damp[l] == 1.0;
            s.before = worst[l];
            any |= done[l];
            if (lane[l].phase != IDLE) ++run.trials[lane[l].trial].iterations;
        }
        if (any) linearise();
        V limit{}, limit2{};
        if (any) errors(limit, limit2);
        M keep{};
        for (int l = 0; l < LANES; ++l) {
            Lane &s = lane[l];
            if (s.phase == IDLE) continue;
            if (s.sweeps > 0) { --s.sweeps; continue; }
            ++s.newton;
            if (!done[l]) {
                if (s.phase == POINT && (s.newton > c.iterations_op || lost[l])) {
                    if (s.stage < 2) hard(l);
                    else finish(l, 2);
                } else if (s.phase == TRANSIENT && (s.newton >= c.iterations || lost[l])) retry(l, s.step / 8, 1);
            } else if (s.phase == POINT) {
                if (s.gmin > 0) {
                    s.gmin = s.gmin > 2e-12 ? s.gmin * 0.1 : 0.0;
                    s.newton = 0;
                } else if (s.guess) {
                    s.guess = false;
                    s.newton = 0;
                    set_sources(l, 0.0);
                } else keep[l] = -1;
            } else if (s.first) keep[l] = -1;
            else {
                double step = std::min(2 * s.step, limit[l]);
                if (step > 0.9 * s.step) {
                    if (s.order == 1) {
                        const double second = std::min(2 * s.step, limit2[l]);
                        step = s.step;
                        if (second > 1.05 * s.step) { s.order = 2; step = second; }
                    }
                    s.proposed = step;
                    keep[l] = -1;
                } else {
                    ++run.trials[s.trial].rejected;
                    retry(l, step, s.order);
                }
            }
        }
        bool some = false;
        for (int l = 0; l < LANES; ++l) some |= keep[l] != 0;
        if (some) accept(keep);
    }

    // A device's values at the voltages now: a transistor's by its tangent, of others by their formulas.
    void evaluate(int d, int first, int inputs, int outputs) {
        V *f = base.data() + c.block[d], *now = value.data() + 2 * c.output_start[d];
        if (outputs == 1) {
            kernels[c.kernel[d]](c.constants + c.constant[d], in.data() + first, f);
            now[0] = f[0];
            now[1] = f[1];
            return;
        }
        V change[32];
        for (int k = 0; k < inputs; ++k) change[k] = in[first + k] - at[first + k];
        const V *slopes = f + 2 * outputs;
        for (int r = 0; r < 2 * outputs; ++r) {
            now[r] = f[r];
            for (int k = 0; k < inputs; ++k) now[r] += slopes[r * inputs + k] * change[k];
        }
    }

    void assemble() {
        std::fill(a.begin(), a.end(), V{});
        std::fill(b.begin(), b.end(), V{});
        const int *place = c.position;
        for (int d = 0; d < c.devices; ++d) {
            const int first = c.input_start[d], inputs = c.input_start[d + 1] - first;
            const int o = c.output_start[d], outputs = c.output_start[d + 1] - o;
            evaluate(d, first, inputs, outputs);
            const V *f = value.data() + 2 * o, *di = base.data() + c.block[d] + 2 * outputs, *dq = di + outputs * inputs;
            for (int r = 0; r < outputs; ++r) {
                V value{};
                if (c.has_current[o + r]) value += f[r];
                if (c.has_charge[o + r]) value += by_step * (f[outputs + r] - q1[o + r]) + by_slope * slope[o + r];
                V g[32];
                const int columns = c.column_start[d + 1] - c.column_start[d];
                for (int j = 0; j < columns; ++j) {
                    V sum{};
                    const int col = c.column_start[d] + j;
                    for (int t = c.term_start[col]; t < c.term_start[col + 1]; ++t) {
                        V part{};
                        if (c.has_current[o + r]) part += di[r * inputs + c.term_input[t]];
                        if (c.has_charge[o + r]) part += by_step * dq[r * inputs + c.term_input[t]];
                        sum += c.term_factor[t] * part;
                    }
                    g[j] = sum;
                }
                for (int k = c.row_start[o + r]; k < c.row_start[o + r + 1]; ++k) {
                    V weight = all(c.row_factor[k]);
                    if (c.row_weight[k] >= 0) weight *= known[c.row_weight[k]];
                    b[c.row[k]] -= weight * value;
                    for (int j = 0; j < columns; ++j) a[*place++] += weight * g[j];
                }
            }
        }
        for (int k = 0; k < c.unknowns; ++k)
            if (c.diagonal[k] >= 0) { a[c.diagonal[k]] += gmin; b[k] -= gmin * x[k]; }
    }

    // currents and charges at the new unknowns, by the last linearisation
    void linearise() {
        voltages(dx, false);
        V change[32];
        for (int d = 0; d < c.devices; ++d) {
            const int first = c.input_start[d], inputs = c.input_start[d + 1] - first;
            const int o = c.output_start[d], outputs = c.output_start[d + 1] - o;
            for (int k = 0; k < inputs; ++k) change[k] = node[c.plus[first + k]] - node[c.minus[first + k]];
            const V *f = value.data() + 2 * o, *di = base.data() + c.block[d] + 2 * outputs, *dq = di + outputs * inputs;
            for (int r = 0; r < outputs; ++r) {
                V i{}, q{};
                if (c.has_current[o + r]) { i = f[r]; for (int k = 0; k < inputs; ++k) i += di[r * inputs + k] * change[k]; }
                if (c.has_charge[o + r]) {
                    q = f[outputs + r];
                    for (int k = 0; k < inputs; ++k) q += dq[r * inputs + k] * change[k];
                    current[o + r] = by_step * (q - q1[o + r]) + by_slope * slope[o + r];
                    charge[o + r] = q;
                    i += current[o + r];
                }
                total[o + r] = i;
            }
        }
        voltages(x, true);
    }

    // the largest next steps that the truncation error allows, of the order in use (of Euler's in limit) and of the second
    void errors(V &limit, V &limit2) {
        V h0, h1, h2, second;
        for (int l = 0; l < LANES; ++l) {
            h0[l] = lane[l].step > 0 ? lane[l].step : 1.0, h1[l] = lane[l].old[0], h2[l] = lane[l].old[1];
            second[l] = lane[l].order;
        }
        const V huge = all(std::numeric_limits<double>::infinity());
        V least1 = huge, least2 = huge;
        const V r0 = 1.0 / h0, r1 = 1.0 / h1, r2 = 1.0 / h2, r01 = 1.0 / (h0 + h1), r12 = 1.0 / (h1 + h2), r012 = 1.0 / (h0 + h1 + h2);
        for (int k = 0; k < c.outputs; ++k) {
            if (!c.has_charge[k]) continue;
            const V volts = c.abstol + c.reltol * vmax(vabs(current[k]), vabs(slope[k]));
            V coulombs = vmax(vmax(vabs(charge[k]), vabs(q1[k])), all(c.chgtol));
            const V tolerance = c.trtol * vmax(volts, c.reltol * coulombs * r0);
            const V d0 = (charge[k] - q1[k]) * r0, d1 = (q1[k] - q2[k]) * r1, d2 = (q2[k] - q3[k]) * r2;
            const V e0 = (d0 - d1) * r01, e1 = (d1 - d2) * r12;
            const V one = tolerance / vmax(0.5 * vabs(e0), all(c.abstol));
            const V two = tolerance / vmax(0.08333333333 * vabs((e0 - e1) * r012), all(c.abstol));
            least1 = one < least1 ? one : least1;
            least2 = two < least2 ? two : least2;
        }
        limit2 = vsqrt(least2);
        limit = second < 1.5 ? least1 : limit2;
    }

    void retry(int l, double step, int order) {
        Lane &s = lane[l];
        s.order = order;
        const double least = c.largest * 1e-11;
        if (step < least) {
            if (s.step <= least * 1.0001) { finish(l, 3); return; }
            step = least;
        }
        s.step = step;
        predict(l);
    }

    void predict(int l) {  // the sources at the new time, and the unknowns by the last points
        Lane &s = lane[l];
        s.newton = 0;
        set_sources(l, s.time + s.step);
        // of degree one or two, by the points behind the last breakpoint
        const double ahead = s.smooth > 1 ? s.step : 0.0, bend = s.smooth > 2 ? s.step * (s.step + s.old[0]) / (s.old[0] + s.old[1]) : 0.0;
        for (int k = 0; k < c.unknowns; ++k) {
            const double first = (x1[k][l] - x2[k][l]) / s.old[0], before = (x2[k][l] - x3[k][l]) / s.old[1];
            x[k][l] = x1[k][l] + ahead * first + bend * (first - before);
        }
    }

    void accept(M keep) {
        for (int k = 0; k < c.unknowns; ++k) {
            x3[k] = keep ? x2[k] : x3[k];
            x2[k] = keep ? x1[k] : x2[k];
            x1[k] = keep ? x[k] : x1[k];
        }
        M begins{};
        for (int l = 0; l < LANES; ++l) begins[l] = keep[l] && lane[l].phase == POINT ? -1 : 0;
        for (int k = 0; k < c.outputs; ++k) {
            if (!c.has_charge[k]) continue;
            q3[k] = keep ? q2[k] : q3[k];
            q2[k] = keep ? q1[k] : q2[k];
            q1[k] = keep ? charge[k] : q1[k];
            slope[k] = keep ? current[k] : slope[k];
            q2[k] = begins ? charge[k] : q2[k];
            q3[k] = begins ? charge[k] : q3[k];
            slope[k] = begins ? V{} : slope[k];
        }
        for (int l = 0; l < LANES; ++l)
            if (keep[l]) advance(l);
    }

    void advance(int l) {
        Lane &s = lane[l];
        double step;
        if (s.phase == POINT) {
            s.phase = TRANSIENT;
            s.time = 0;
            s.order = 1;
            step = std::min(c.stop / 100, c.step) / 10;
            s.uncut = c.largest;
            s.old[0] = s.old[1] = s.old[2] = c.largest;
            auto &start_of = run.trials[s.trial].start;
            start_of.resize(c.unknowns);
            for (int k = 0; k < c.unknowns; ++k) start_of[k] = x1[k][l];
            s.smooth = 1;
            record(l);
            if (c.stop <= 0) { finish(l, 1); return; }
        } else {
            s.time += s.step;
            s.old[2] = s.old[1];
            s.old[1] = s.old[0];
            s.old[0] = s.step;
            step = s.first ? s.step : s.proposed;
            s.first = false;
            ++s.smooth;
            record(l);
            if ((c.until >= 0 && node[c.until][l] > 0.5) || s.time >= c.stop * (1 - 1e-12)) { finish(l, 1); return; }
        }
        step = std::min(step, c.largest);
        const double least = std::max(c.largest * 1e-11, c.stop * 1e-15);  // breakpoints closer than this are one
        bool on = false;
        for (; s.next_break < c.breaks - 1 && c.break_times[s.next_break] <= s.time + least; ++s.next_break)
            on |= c.break_times[s.next_break] >= s.time - least;
        const double at = c.break_times[s.next_break];
        if (on) {  // an Euler step
            s.order = 1;
            s.smooth = 1;
            step = std::min(step, 0.1 * std::min(s.uncut, at - s.time));
            if (s.points == 1) step /= 10;
        }
        s.uncut = step;  // before it is cut to the breakpoint
        if (s.time + step >= at - std::min(0.01 * step, c.largest * 5e-5)) step = at - s.time;  // leaves no tiny step before it
        s.step = step;
        predict(l);
    }
};

// The transistors that moved, in all lanes of some solvers: those of one kernel and one table of constants share calls.
struct Pool {
    const Circuit &c;
    const Kernel *kernels;
    std::vector<int> order;  // transistors, those that share calls together
    std::vector<V> packed, fresh;
    struct { Solver *solver; int device, lane; } from[LANES];
    int filled = 0;

    Pool(const Circuit &circuit, const Kernel *table) : c(circuit), kernels(table) {
        int inputs = 0, outputs = 0;
        for (int d = 0; d < c.devices; ++d) {
            if (c.output_start[d + 1] - c.output_start[d] == 1) continue;
            order.push_back(d);
            inputs = std::max(inputs, c.input_start[d + 1] - c.input_start[d]);
            outputs = std::max(outputs, c.block[d + 1] - c.block[d]);
        }
        std::stable_sort(order.begin(), order.end(), [this](int d, int e) {
            return c.kernel[d] != c.kernel[e] ? c.kernel[d] < c.kernel[e] : c.constant[d] < c.constant[e];
        });
        packed.assign(inputs, V{});
        fresh.assign(outputs, V{});
    }

    void evaluate(std::list<Solver> &solvers) {
        for (size_t i = 0; i < order.size(); ++i) {
            const int d = order[i], first = c.input_start[d], inputs = c.input_start[d + 1] - first;
            if (filled && (c.kernel[d] != c.kernel[order[i - 1]] || c.constant[d] != c.constant[order[i - 1]])) flush();
            for (Solver &s : solvers) {
                const M moved = s.moved(d);
                for (int l = 0; l < LANES; ++l) {
                    if (!moved[l]) continue;
                    for (int k = 0; k < inputs; ++k) packed[k][filled] = s.at[first + k][l] = s.in[first + k][l];
                    from[filled] = {&s, d, l};
                    if (++filled == LANES) flush();
                }
            }
        }
        if (filled) flush();
    }

    void flush() {
        const int d = from[0].device, size = c.block[d + 1] - c.block[d];
        kernels[c.kernel[d]](c.constants + c.constant[d], packed.data(), fresh.data());
        for (int f = 0; f < filled; ++f) {
            V *to = from[f].solver->base.data() + c.block[from[f].device];
            const int l = from[f].lane;
            for (int k = 0; k < size; ++k) to[k][l] = fresh[k][f];
        }
        filled = 0;
    }
};

extern "C" {
void *batch_run(const Circuit *c, int trials, const double *parameters, const double *start, const double *slopes) {
    Run *run = new Run;
    run->trials.resize(trials);
    Pool pool(*c, KERNELS);
    const int most = c->stop > 0 && !pool.order.empty() ? VECTORS : 1;  // of an operating point every transistor is evaluated anyway
    std::list<Solver> solvers;
    for (int k = 0; k < most && (k == 0 || run->next < trials); ++k) {
        solvers.emplace_back(*c, KERNELS, parameters, start, slopes, *run);
        for (int l = 0; l < LANES; ++l) solvers.back().begin(l);
    }
    for (;;) {
        solvers.remove_if([](const Solver &s) { return !s.busy(); });
        if (solvers.empty()) break;
        for (Solver &s : solvers) s.look();
        pool.evaluate(solvers);
        for (Solver &s : solvers) s.iterate();
    }
    return run;
}
int batch_status(void *run, int trial) { return ((Run *)run)->trials[trial].status; }
long long batch_iterations(void *run, int trial) { return ((Run *)run)->trials[trial].iterations; }
long long batch_size(void *run, int trial) { return (long long)((Run *)run)->trials[trial].rows.size(); }
const double *batch_start(void *run, int trial) { return ((Run *)run)->trials[trial].start.data(); }
long long batch_rejected(void *run, int trial) { return ((Run *)run)->trials[trial].rejected; }
const double *batch_rows(void *run, int trial) { return ((Run *)run)->trials[trial].rows.data(); }
// the one row of each operating point, of what is no number where there is none
void batch_table(void *run, double *table, int width) {
    for (const Trial &trial : ((Run *)run)->trials) {
        if (trial.status == 1) std::copy(trial.rows.begin(), trial.rows.begin() + width, table);
        else std::fill(table, table + width, std::numeric_limits<double>::quiet_NaN());
        table += width;
    }
}
void batch_free(void *run) { delete (Run *)run; }
int batch_lanes() { return LANES; }
// one call of a kernel, for tests: inputs and outputs of all lanes
void batch_kernel(int kernel, const double *constants, const double *inputs, int count, double *outputs, int size) {
    std::vector<V> in(count), out(size);
    std::memcpy((void *)in.data(), inputs, sizeof(V) * count);
    KERNELS[kernel](constants, in.data(), out.data());
    std::memcpy(outputs, (void *)out.data(), sizeof(V) * size);
}
}
